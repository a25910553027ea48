import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";
import { launchChromium } from "./chromium.ts";
import { LONG_ANSWERS } from "./long-answers.ts";
import { bestOf, longestTask } from "./main-thread.ts";
import { openPage } from "./open-page.ts";

const MESSAGES = 500;
const DOCUMENTS = 10_000;
/** From here on a reader feels that the page does not follow. */
const LONGEST_TASK_MS = 50;
const FIRST_PAINT_MS = 1500;
const QUESTION = "How hot is green tea steeped?";

let app: LocalApp;
let upstream: MockUpstream;
let browser: Browser;
let says: readonly string[] = [];
beforeAll(async () => {
  upstream = await mockUpstream(async (response, call) => {
    if (!call.body.stream) {
      const message = { role: "assistant", content: says.join("") };
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: "stop" }] }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const [i, piece] of says.entries()) {
      if (!response.write(delta(piece))) await new Promise((resolve) => response.once("drain", resolve));
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    response.end(finish("stop") + DONE);
  });
  [app, browser] = await Promise.all([
    openLocal({ modelUrl: upstream.baseUrl, files: { "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees.\n" } }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
  await upstream.close();
});

const say = (what: string, values: object): void => void process.stdout.write(`  ${what}: ${JSON.stringify(values)}\n`);
/** Scrolls an element by steps, a frame each. Resolves to how far, at worst, what was in sight then was off its place. */
const scrollThrough = (page: Page, testId: string, step: number, frames: number): Promise<number> =>
  page.getByTestId(testId).evaluate(
    async (element, [by, count]) => {
      // Behind the frame itself: what comes above is made up for at its end.
      const frame = async (): Promise<void> => {
        await new Promise(requestAnimationFrame);
        await new Promise((resolve) => setTimeout(resolve));
      };
      let worst = 0;
      for (let i = 0; i < count; i++) {
        const { left, top, height, width } = element.getBoundingClientRect();
        const seen = document.elementFromPoint(left + width / 2, top + height / 2)?.closest("p, li, .row") ?? element;
        const [placeBefore, scrolledBefore] = [seen.getBoundingClientRect().top, element.scrollTop];
        element.scrollTop += by;
        const asked = element.scrollTop - scrolledBefore;
        await frame();
        await frame();
        if (seen.isConnected && seen !== element) {
          worst = Math.max(worst, Math.abs(placeBefore - asked - seen.getBoundingClientRect().top));
        }
      }
      return Math.round(worst);
    },
    [step, frames] as const,
  );

test("the page is painted soon", async () => {
  const { page } = await openPage(browser, app);
  await page.locator(".example").first().waitFor();
  const paints: number[] = [];
  for (let i = 0; i < 3; i++) {
    const fresh = await openPage(browser, app);
    await fresh.page.locator(".example").first().waitFor();
    paints.push(await fresh.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]!.startTime));
    await fresh.context.close();
  }
  say("first paint, ms", paints.map(Math.round));
  expect(Math.min(...paints)).toBeLessThan(FIRST_PAINT_MS);
});

/** What a reader does while a long answer comes: reads up, comes back, and looks where a claim is from. */
async function readAlong(page: Page): Promise<void> {
  const thread = page.getByTestId("thread");
  await thread.hover();
  for (let i = 0; i < 6; i++) {
    await page.mouse.wheel(0, i % 3 === 2 ? 3000 : -1500);
    await page.waitForTimeout(60);
  }
  await page
    .getByRole("button", { name: "To the newest" })
    .click({ timeout: 1000 })
    .catch(() => undefined);
}
async function lookUp(page: Page): Promise<void> {
  const marks = page.locator("a.mark");
  if ((await marks.count()) === 0) return;
  await marks.last().hover();
  await page.locator(".quote-card").waitFor();
  await marks.last().click();
  await page.locator(".document-text mark").waitFor();
  await page.keyboard.press("Escape");
}

test.each(Object.entries(LONG_ANSWERS))(
  "an answer of 20,000 tokens streams without holding the page: %s",
  async (name, pieces) => {
    says = pieces;
    const found = await bestOf(LONGEST_TASK_MS, async (browser) => {
      const { page, problems } = await openPage(browser, app);
      await page.locator(".composer-field").waitFor();
      const longest = await longestTask(browser, page, async () => {
        await page.locator(".composer-field").fill(QUESTION);
        await page.keyboard.press("Enter");
        await readAlong(page);
        await page.locator(".answer[aria-busy=false]").waitFor({ timeout: 80_000 });
        await lookUp(page);
      });
      expect(await page.locator(".md").evaluate((element) => element.textContent!.length)).toBeGreaterThan(60_000);
      expect(problems).toEqual([]);
      return longest;
    });
    say(`longest task of an answer (${name}), ms`, found);
    expect(Math.min(...found)).toBeLessThan(LONGEST_TASK_MS);
  },
  300_000,
);

/** A conversation whose every answer is the same one, as long as answers are. */
async function longConversation(): Promise<string> {
  says = ["Green tea is steeped at 80 degrees. [1]\n\n", ...LONG_ANSWERS.everything!.slice(0, 300)];
  const { lineage } = await app.ask(QUESTION);
  const id = crypto.randomUUID();
  await app.db.transaction(async (sql) => {
    const now = Date.now();
    await sql.run(
      "insert into conversation (id, tenant, subject, title, created_at, updated_at) values ($1, 'local', 'admin', 'long', $2, $2)",
      [id, now],
    );
    for (let i = 1; i <= MESSAGES; i++) {
      const [role, text, answer] = i % 2 === 1 ? ["user", `Question ${i}?`, null] : ["assistant", "", lineage.id];
      await sql.run(
        "insert into message (id, conversation_id, position, role, content, answer_id, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        [`${id}:${i}`, id, i, role!, text!, answer!, now],
      );
    }
  });
  return id;
}

// Once in many runs beside another browser a place moves by a screen; why is not known.
test("a conversation of 500 messages scrolls smoothly, and what is read stays in its place", {
  retry: 2,
  timeout: 300_000,
}, async () => {
  const id = await longConversation();
  const moved: number[] = [];
  const found = await bestOf(LONGEST_TASK_MS, async (browser) => {
    const { page } = await openPage(browser, app);
    await page.locator(".composer-field").waitFor();
    const longest = await longestTask(browser, page, async () => {
      await page.evaluate((to) => {
        location.hash = `#/chat/${to}`;
      }, id);
      await page.locator(".turn").nth(1).waitFor();
      const first = page.locator(".question-text").first();
      while ((await first.textContent()) !== "Question 1?") {
        moved.push(await scrollThrough(page, "thread", -600, 40));
      }
      moved.push(await scrollThrough(page, "thread", 900, 20));
    });
    await expect.poll(() => page.locator(".turn").count()).toBe(MESSAGES / 2);
    return longest;
  });
  say("longest task of 500 messages, ms, and how far a place moved, pixels", [...found, Math.max(...moved)]);
  expect(Math.min(...found)).toBeLessThan(LONGEST_TASK_MS);
  expect(Math.max(...moved)).toBeLessThan(8);
});

test("a list of 10,000 documents scrolls smoothly, and only what is in sight is drawn", async () => {
  await app.db.transaction(async (sql) => {
    for (let i = 0; i < DOCUMENTS; i++) {
      await sql.run(
        `insert into document (id, tenant, collection, uri, title, acl, created_by, created_at, updated_at, latest_seq, current_version)
         values ($1, 'local', 'default', $2, $3, '["tenant"]', 'admin', $4, $4, 1, $1)`,
        [`doc-${i}`, `many/${i}.md`, `Document ${i}`, i],
      );
    }
  });
  const found = await bestOf(LONGEST_TASK_MS, async (browser) => {
    const { page } = await openPage(browser, app, {}, "/#/documents");
    await page.locator(".row").first().waitFor();
    const longest = await longestTask(browser, page, async () => {
      while ((await page.locator(".row-title").last().textContent()) !== "Document 0") {
        await scrollThrough(page, "document-list", 4000, 16);
      }
      expect(await page.locator(".row").count()).toBeLessThan(60);
      await scrollThrough(page, "document-list", -3000, 40);
    });
    return longest;
  });
  say("longest task of 10,000 documents, ms", found);
  expect(Math.min(...found)).toBeLessThan(LONGEST_TASK_MS);
}, 300_000);
