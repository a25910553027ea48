import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messagesZh as zh } from "../../services/retrieval-api/page/text/messages-zh.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import {
  type Behaviour,
  DONE,
  delta,
  finish,
  type MockUpstream,
  mockUpstream,
  stalls,
  streams,
} from "../helpers/mock-upstream.ts";
import { launchChromium } from "./chromium.ts";
import { askOn, openPage } from "./open-page.ts";

let app: LocalApp;
let upstream: MockUpstream;
let browser: Browser;
let behave: Behaviour;
beforeAll(async () => {
  upstream = await mockUpstream((response, call) => behave(response, call));
  [app, browser] = await Promise.all([
    openLocal({ modelUrl: upstream.baseUrl, files: { "茶.md": "# 茶\n\n## 乌龙茶\n\n乌龙茶的水温是九十度。\n" } }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
  await upstream.close();
});

const says = (text: string): Behaviour => streams(delta(text), finish("stop"), DONE);

test.each([1280, 360])("in Chinese everything is done as in English, %d pixels wide", async (width) => {
  const { page, problems } = await openPage(browser, app, { language: "zh", width });
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  behave = stalls(delta("乌龙茶的水温"));
  await page.getByLabel(zh["composer.label"]).fill("乌龙茶的水温是多少？");
  await page.keyboard.press("Enter");
  await page.locator(".md", { hasText: "乌龙茶的水温" }).waitFor();
  await button(zh["composer.stop"]).click();
  await page.getByText(zh["end.stopped"], { exact: true }).waitFor();

  behave = says("乌龙茶的水温是九十度。 [1]");
  await button(zh["chat.askAgain"]).click();
  await page.locator(".mark").waitFor();
  await button(zh["chat.regenerate"]).click();
  await page.locator(".answer[aria-busy=false] .mark").waitFor();
  await page.locator(".question").hover();
  await button(zh["chat.editQuestion"]).click();
  await page.locator(".question-editing textarea").fill("乌龙茶的水温是九十度吗？");
  await page.keyboard.press("Enter");
  await page.locator(".question-text", { hasText: "九十度吗" }).waitFor();
  await page.locator(".answer[aria-busy=false] .mark").waitFor();
  expect(await page.locator(".turn").count()).toBe(1);

  await button(zh["chat.copyMarkdown"]).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(`${zh["chat.sources"]}:`);
  await button(zh["feedback.down"]).click();
  await page.getByLabel(zh["feedback.reason.wrong"]).check();
  await button(zh["feedback.send"]).click();
  await page.getByText(zh["feedback.thanks"]).waitFor();
  await button(zh["chat.export"]).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: zh["chat.export.markdown"] }).click();
  expect((await download).suggestedFilename()).toMatch(/\.md$/);

  const openNavigation = async (): Promise<void> => {
    if (width < 768) await button(zh["nav.open"]).click();
  };
  await openNavigation();
  const item = page.locator(".conversation").first();
  await item.hover();
  await item.locator(".icon-button").first().click();
  await page.getByLabel(zh["conversations.newTitle"]).fill(`喝茶${width}`);
  await page.keyboard.press("Enter");
  await page.getByLabel(zh["conversations.search"]).fill(`喝茶${width}`);
  await expect.poll(() => page.locator(".conversation a").allTextContents()).toEqual([`喝茶${width}`]);
  await item.hover();
  await item.locator(".icon-button").nth(1).click();
  await page.getByRole("dialog").getByRole("button", { name: zh["common.delete"] }).click();
  // What was shown is gone, so the reader is led to a new chat, and the sidebar has done its part.
  await page.locator(".welcome-title").waitFor();
  await openNavigation();
  await page.getByText(zh["conversations.notFound"]).waitFor();

  await page.getByRole("link", { name: zh["nav.documents"] }).click();
  await page.getByTestId("files").setInputFiles([
    { name: `休假${width}.md`, mimeType: "text/markdown", buffer: Buffer.from(`# 休假${width}\n\n每人三十天假期。\n`) },
    { name: "照片.png", mimeType: "image/png", buffer: Buffer.from("x") },
  ]);
  await page.locator(".upload-ready").waitFor();
  await expect.poll(() => page.locator(".upload-failed").textContent()).toContain(zh["failure.unsupported_media_type"]);
  await page.locator(".row-link", { hasText: `休假${width}` }).click();
  await page.locator(".version").waitFor();
  await button(zh["documents.deleteOne"]).click();
  await page.getByRole("dialog").getByRole("button", { name: zh["common.delete"], exact: true }).click();
  await page.getByText(zh["documents.deleted"]).waitFor();
  expect(problems).toEqual([]);
});

test("a refusal in Chinese explains itself in Chinese", async () => {
  const { page } = await openPage(browser, app, { language: "zh", scheme: "dark" });
  await askOn(page, "冰岛的首都在哪里？");
  await page.getByText(zh["refusal.title"]).waitFor();
  expect(await page.locator(".refusal").textContent()).not.toMatch(/[a-z]{4}/);
});
