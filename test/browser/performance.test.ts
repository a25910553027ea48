import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "./chromium.ts";
import { LONG_ANSWERS } from "./long-answers.ts";
import { type LongApp, openLongApp } from "./long-app.ts";
import { bestOf, slowness } from "./main-thread.ts";
import { openPage } from "./open-page.ts";
import { conversationPace, documentsPace, firstPaintMs, readConversation, slowDown, streamPace } from "./page-paces.ts";

const MESSAGES = 500;
/** More than the page reads at once. */
const FEW_MESSAGES = 110;
const DOCUMENTS = 10_000;
/**
 * From 50 on a reader feels that the page does not follow: `npm run bench -- page` prints how far it is from that. An
 * answer that is drawn anew with each token takes 90, and a page of turns at once hundreds. Times are what they would be
 * on the machine that limits are for (`main-thread.ts`).
 */
const LONGEST_TASK_MS = 60;
/** How often a place is looked at when the page is so fast that there is little to read while it loads. */
const LOOKS = 15;
const FIRST_PAINT_MS = 1500;
const SLOWER = 4;

let long: LongApp;
let browser: Browser;
beforeAll(async () => {
  [long, browser] = await Promise.all([openLongApp(), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await long.close();
});

const say = (what: string, found: unknown): void => void process.stdout.write(`  ${what}: ${JSON.stringify(found)}\n`);
const shortest = (paces: readonly { scaledMs: number }[]): number => Math.min(...paces.map(({ scaledMs }) => scaledMs));

test("the page is painted soon", async () => {
  const { page, context } = await openPage(browser, long.app);
  const times = Math.max(1, await slowness(browser, page));
  await context.close();
  const ms = await firstPaintMs(browser, long);
  say("first paint, ms, and how slow the machine is", [ms, times]);
  expect(ms / times).toBeLessThan(FIRST_PAINT_MS);
});

test.each(Object.keys(LONG_ANSWERS))(
  "an answer of 20,000 tokens streams without holding the page: %s",
  async (name) => {
    const found = await bestOf(LONGEST_TASK_MS, (browser) => streamPace(browser, long, name));
    say(`longest task of an answer (${name})`, found);
    expect(shortest(found)).toBeLessThan(LONGEST_TASK_MS);
  },
);

test("a conversation of 500 messages scrolls smoothly, and what is read stays in its place", async () => {
  const id = await long.conversation(MESSAGES);
  const found = await bestOf(LONGEST_TASK_MS, (browser) => conversationPace(browser, long, id));
  say("longest task of 500 messages, and how far a place moved, pixels", found);
  expect(shortest(found)).toBeLessThan(LONGEST_TASK_MS);
  for (const { moved, looks } of found) {
    expect(moved).toBeLessThan(8);
    expect(looks).toBeGreaterThan(LOOKS);
  }
});

test("on a slow machine, too, what is read stays in its place", async () => {
  const id = await long.conversation(FEW_MESSAGES);
  const { page, context } = await openPage(browser, long.app);
  await page.locator(".composer-field").waitFor();
  await slowDown(page, SLOWER);
  const { moved, looks } = await readConversation(page, id);
  await context.close();
  say("how far a place moved, pixels, and how often it was looked at", [moved, looks]);
  expect(moved).toBeLessThan(8);
  expect(looks).toBeGreaterThan(LOOKS);
});

test("a list of 10,000 documents scrolls smoothly, and only what is in sight is drawn", async () => {
  await long.documents(DOCUMENTS);
  const found = await bestOf(LONGEST_TASK_MS, (browser) => documentsPace(browser, long));
  say("longest task of 10,000 documents", found);
  expect(shortest(found)).toBeLessThan(LONGEST_TASK_MS);
  for (const { rows } of found) expect(rows).toBeLessThan(60);
});
