import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";
import { launchChromium } from "./chromium.ts";
import { HOSTILE } from "./hostile-strings.ts";
import { type OpenedPage, openPage } from "./open-page.ts";

const LONG_LINE = 10_000_000;
const FILES_A_REQUEST = 20;

let app: LocalApp;
let upstream: MockUpstream;
let browser: Browser;
let says = "";
/** One in which models said every string, and one in which the reader did. */
let answered: Conversation;
let asked: Conversation;

beforeAll(async () => {
  upstream = await mockUpstream((response, call) =>
    streams(delta(`${says} [1]`), finish("stop"), DONE)(response, call),
  );
  [app, browser] = await Promise.all([
    openLocal({ modelUrl: upstream.baseUrl, files: { "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees.\n" } }),
    launchChromium(),
  ]);
  answered = await conversation(HOSTILE.map((text) => ({ question: "How hot is green tea steeped?", answer: text })));
  asked = await conversation(HOSTILE.map((text) => ({ question: text.slice(0, 7900), answer: "Tea." })));
});
afterAll(async () => {
  await browser.close();
  await app.close();
  await upstream.close();
});

type Conversation = { readonly id: string; readonly turns: number };

async function conversation(turns: readonly { question: string; answer: string }[]): Promise<Conversation> {
  let id: string | undefined;
  let count = 0;
  for (const { question, answer } of turns) {
    says = answer;
    const { lineage, error } = await app.ask(question, id ? { cairn: { conversation_id: id } } : {});
    if (!error) [id, count] = [lineage.conversation_id, count + 1];
    // Only what is no question at all may be refused.
    else if (question.trim() !== "" && question.isWellFormed())
      throw new Error(`${question.slice(0, 80)}: ${error.message}`);
  }
  return { id: id!, turns: count };
}

/** Nothing ran, nothing left, nothing was drawn that a text could have brought, and nothing sticks out. */
async function harmless({ page, outside, problems }: OpenedPage): Promise<void> {
  const found = await page.evaluate(() => {
    const root = document.getElementById("app")!;
    const links = [...root.querySelectorAll<HTMLAnchorElement>("a.outside")];
    return {
      hit: (window as unknown as { __hit?: number }).__hit ?? null,
      foreign: root.querySelectorAll(
        "script, iframe, object, embed, img, image, video, audio, style, link, base, meta, math, form[action], use, animate",
      ).length,
      handlers: [...root.querySelectorAll("*")].filter((one) =>
        one.getAttributeNames().some((name) => name.startsWith("on")),
      ).length,
      badLinks: links
        .filter(
          (link) =>
            !/^(https?|mailto):$/.test(link.protocol) ||
            !(link.textContent ?? "").includes(link.protocol === "mailto:" ? link.pathname : link.host),
        )
        .map((link) => link.outerHTML),
      wide: document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight,
      title: document.title,
    };
  });
  expect(found).toEqual({ hit: null, foreign: 0, handlers: 0, badLinks: [], wide: false, title: "Cairn" });
  expect([outside, problems]).toEqual([[], []]);
}

/** Everything that a conversation has, brought into sight from its end to its beginning. */
async function seeWhole(page: Page, { turns }: Conversation): Promise<void> {
  const thread = page.getByTestId("thread");
  while ((await page.locator(".turn").count()) < turns) {
    await thread.evaluate((element) => element.scrollTo(0, 0));
    await page.waitForTimeout(100);
  }
  await expect.poll(() => page.locator(".answer[aria-busy=true]").count()).toBe(0);
}

test("there are many of them", () => {
  expect(new Set(HOSTILE).size).toBeGreaterThanOrEqual(150);
});

test.each([1280, 360])("what models say does no harm, %d pixels wide", async (width) => {
  const opened = await openPage(browser, app, { width, guarded: true }, `/#/chat/${answered.id}`);
  await opened.page.locator(".turn").first().waitFor();
  expect(answered.turns).toBeGreaterThan(150);
  await seeWhole(opened.page, answered);
  await harmless(opened);
  const outward = await opened.page
    .locator("a.outside")
    .first()
    .evaluate((link: HTMLAnchorElement) => [link.target, link.rel]);
  expect(outward).toEqual(["_blank", "noopener noreferrer nofollow"]);
  await opened.page.locator(".mark").first().hover();
  await opened.page.locator(".checked").last().click();
  await opened.page.locator(".evidence-row").first().waitFor();
  await harmless(opened);
});

test("what readers ask, and what conversations are called, does no harm", async () => {
  const { conversations } = (await (await app.send("/v1/conversations")).json()) as { conversations: { id: string }[] };
  const opened = await openPage(browser, app, { width: 360, guarded: true }, `/#/chat/${asked.id}`);
  const { page } = opened;
  await page.locator(".turn").first().waitFor();
  await seeWhole(page, asked);
  await harmless(opened);
  for (const text of HOSTILE) {
    const renamed = await app.send(
      `/v1/conversations/${conversations[0]!.id}`,
      { title: text.slice(0, 200) },
      { method: "PATCH" },
    );
    expect([200, 400]).toContain(renamed.status);
    const searched = await app.send(`/v1/conversations?query=${encodeURIComponent(text.slice(0, 100).toWellFormed())}`);
    expect([200, 400]).toContain(searched.status);
  }
  await page.reload();
  await page.getByRole("button", { name: "Open navigation" }).click();
  await page.locator(".conversation").first().waitFor();
  await harmless(opened);
});

test("documents, their titles and file names do no harm", async () => {
  const all = HOSTILE.map((text, i) => ({
    i,
    text,
    title: Array.from(text.replaceAll(/\p{Cc}/gu, " "))
      .slice(0, 400)
      .join(""),
  }));
  for (const { i, text, title } of all) {
    const body = {
      text,
      uri: `hostile/${i}`,
      media_type: "text/plain",
      ...(title.trim() !== "" && title.isWellFormed() && { title }),
    };
    const response = await app.send("/v1/documents", body);
    expect([200, 202, 400]).toContain(response.status);
  }
  for (let at = 0; at < all.length; at += FILES_A_REQUEST) {
    const form = new FormData();
    for (const { i, text } of all.slice(at, at + FILES_A_REQUEST)) {
      form.append("file", new File([`Number ${i}.`], `${text.slice(0, 150)}-${i}.txt`, { type: "text/plain" }));
    }
    const sent = await fetch(`${app.address}/v1/documents`, { method: "POST", body: form });
    expect([200, 202, 400]).toContain(sent.status);
  }
  const whole = await app.upload({
    text: HOSTILE.join("\n\n"),
    uri: "whole.txt",
    title: "whole",
    media_type: "text/plain",
  });
  await app.local.worker.idle();

  const opened = await openPage(browser, app, { guarded: true }, "/#/documents");
  const { page } = opened;
  const list = page.getByTestId("document-list");
  await page.locator(".row").first().waitFor();
  for (let i = 0; i < 12; i++) {
    await list.evaluate((element) => element.scrollBy(0, 2000));
    await page.waitForTimeout(60);
    await harmless(opened);
  }
  const { document, version_id } = whole;
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/documents?kind=source&document=${document.id}&version=${version_id}&start=0&end=40`);
  await page.locator(".document-text mark").first().waitFor();
  for (;;) {
    const more = page.getByRole("button", { name: "Show what follows" });
    if ((await more.count()) === 0) break;
    await more.click();
    await page.waitForTimeout(150);
  }
  await harmless(opened);
  expect(await page.locator(".document-text").textContent()).toContain("<script>window.__hit=1</script>");
});

test("a line of ten megabytes is a document like any other", async () => {
  const form = new FormData();
  form.append("file", new File(["x".repeat(LONG_LINE)], "line.txt", { type: "text/plain" }));
  const sent = (await (await fetch(`${app.address}/v1/documents`, { method: "POST", body: form })).json()) as {
    document: { id: string };
    version_id: string;
  };
  await app.local.worker.idle();
  const opened = await openPage(
    browser,
    app,
    { guarded: true },
    `/#/documents?kind=document&document=${sent.document.id}`,
  );
  await opened.page.locator(".version").waitFor();
  await harmless(opened);
  const read = opened.page.getByRole("button", { name: "Read the text" });
  if ((await read.count()) > 0) {
    await read.click();
    await opened.page.locator(".document-text p").first().waitFor();
  }
  await harmless(opened);
});

test("feedback takes any words", async () => {
  const { lineage } = await app.ask("How hot is green tea steeped?");
  for (const text of HOSTILE) {
    const sent = await app.send(`/v1/answers/${lineage.id}/feedback`, { rating: "down", comment: text.slice(0, 2000) });
    expect(sent.status).toBe(204);
  }
});
