import type { Browser, CDPSession, Page } from "playwright-core";
import { LONG_ANSWERS } from "./long-answers.ts";
import { type LongApp, QUESTION } from "./long-app.ts";
import { type Pace, paceOf } from "./main-thread.ts";
import { openPage } from "./open-page.ts";
import { type Read, readThrough, scrollBy } from "./scroll-through.ts";

const READ_STEPS = 8;
/** In pixels. Behind a jump to so near the beginning the next older messages are read. */
const NEAR_START = 3000;

/** Milliseconds until the page's first letters are painted: the best of a few times. */
export async function firstPaintMs(browser: Browser, { app }: LongApp): Promise<number> {
  const paints: number[] = [];
  // The first one fills the browser's caches.
  for (let i = 0; i < 4; i++) {
    const { page, context } = await openPage(browser, app);
    await page.locator(".example").first().waitFor();
    paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]!.startTime));
    await context.close();
  }
  return Math.round(Math.min(...paints));
}

/** The pace while one of the long answers streams, is read while it comes, and a claim of it is looked up. */
export async function streamPace(browser: Browser, { app, say }: LongApp, name: string): Promise<Pace> {
  say(LONG_ANSWERS[name]!);
  const { page, problems } = await openPage(browser, app);
  await page.locator(".composer-field").waitFor();
  const pace = await paceOf(browser, page, async () => {
    await page.locator(".composer-field").fill(QUESTION);
    await page.keyboard.press("Enter");
    await readAlong(page);
    await page.locator(".answer[aria-busy=false]").waitFor({ timeout: 80_000 });
    await lookUp(page);
  });
  const letters = await page.locator(".md").evaluate((element) => element.textContent!.length);
  if (letters < 60_000 || problems.length > 0) throw new Error(`${letters} letters came. ${problems.join(" ")}`);
  return pace;
}

/** What a reader does while a long answer comes: reads up, comes back, and looks where a claim is from. */
async function readAlong(page: Page): Promise<void> {
  await page.getByTestId("thread").hover();
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

/** Opens a conversation whose first question is `Question 1?` and reads it from its end to its beginning, and down. */
export async function readConversation(page: Page, id: string): Promise<Read> {
  const reads: Read[] = [];
  const read = async (way: "up" | "down"): Promise<void> => {
    reads.push(await readThrough(page, "thread", way, READ_STEPS));
  };
  await page.evaluate((to) => {
    location.hash = `#/chat/${to}`;
  }, id);
  await page.locator(".turn").first().waitFor();
  const first = page.locator(".question-text").first();
  const thread = page.getByTestId("thread");
  for (let begun = false; !begun; ) {
    // While older ones are drawn above.
    await read("up");
    await scrollBy(page, "thread", -2, 20);
    await thread.evaluate((element, near) => {
      element.scrollTop = Math.min(element.scrollTop, near);
    }, NEAR_START);
    await read("up");
    begun = (await first.textContent()) === "Question 1?";
  }
  await read("down");
  return {
    moved: Math.max(...reads.map(({ moved }) => moved)),
    looks: reads.reduce((sum, { looks }) => sum + looks, 0),
  };
}

export async function conversationPace(browser: Browser, { app }: LongApp, id: string): Promise<Pace & Read> {
  const { page } = await openPage(browser, app);
  await page.locator(".composer-field").waitFor();
  let read: Read | undefined;
  const pace = await paceOf(browser, page, async () => {
    read = await readConversation(page, id);
  });
  return { ...pace, ...read! };
}

/** Scrolls the list of documents to `Document 0`, its last one, and some of the way back. */
export async function documentsPace(browser: Browser, { app }: LongApp): Promise<Pace & { rows: number }> {
  const { page } = await openPage(browser, app, {}, "/#/documents");
  await page.locator(".row").first().waitFor();
  let rows = 0;
  const pace = await paceOf(browser, page, async () => {
    while ((await page.locator(".row-title").last().textContent()) !== "Document 0") {
      await scrollBy(page, "document-list", 6, 20);
      rows = Math.max(rows, await page.locator(".row").count());
    }
    await scrollBy(page, "document-list", -5, 40);
  });
  return { ...pace, rows };
}

/** Makes a page as slow as a machine would that is so many times slower. */
export async function slowDown(page: Page, times: number): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: times });
  return session;
}
