import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { launchChromium } from "./chromium.ts";
import { askOn, openPage } from "./open-page.ts";

let app: LocalApp;
let browser: Browser;
beforeAll(async () => {
  [app, browser] = await Promise.all([
    openLocal({
      files: {
        "tea.md":
          "# Tea 😀\n\n## Green 🍵\n\nGreen tea is steeped at 80 degrees 🫖. It is never boiled.\n\n## Black\n\nBlack tea is steeped at 95 degrees.\n",
        "茶.md": "# 茶\n\n## 乌龙茶\n\n乌龙茶的水温是九十度。\n",
      },
    }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

test("a citation opens its document at the very words, and back closes it", async () => {
  const { page, problems, outside } = await openPage(browser, app);
  await askOn(page, "How hot is green tea steeped?");
  const mark = page.locator(".mark").first();
  await mark.hover();
  await expect.poll(() => page.locator(".quote-card").textContent()).toContain("80 degrees");
  await mark.click();
  await page.locator(".document-text mark").first().waitFor();
  // Code points: emoji before the place count once each.
  expect(await page.locator(".document-text mark").allTextContents()).toEqual([
    "Green tea is steeped at 80 degrees 🫖.",
  ]);
  expect(await page.locator(".facts").textContent()).toMatch(/Green.*Version 1/s);
  await page.goBack();
  await expect.poll(() => page.locator(".pane").count()).toBe(0);
  expect(await page.locator(".answer").count()).toBe(1);
  expect([problems, outside]).toEqual([[], []]);
});

test("a question in Chinese is answered on a Chinese page", async () => {
  const { page, problems } = await openPage(browser, app, { language: "zh" });
  expect(await page.locator(".welcome-title").textContent()).toBe("您想了解什么？");
  await askOn(page, "乌龙茶的水温是多少？");
  await page.locator(".mark").first().click();
  expect(await page.locator(".document-text mark").first().textContent()).toBe("乌龙茶的水温是九十度。");
  await page.locator(".language[lang=en]").click();
  expect(await page.locator(".composer-field").getAttribute("placeholder")).toBe("Ask your documents…");
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
  await page.reload();
  await page.locator(".composer-field").waitFor();
  expect(await page.locator(".composer-field").getAttribute("placeholder")).toBe("Ask your documents…");
  expect(problems).toEqual([]);
});

test("a refusal says what was searched, and shows what comes nearest", async () => {
  const { page } = await openPage(browser, app);
  await askOn(page, "Which degrees does the parliament of Iceland award?");
  await page.locator(".refusal").waitFor();
  expect(await page.locator(".refusal").textContent()).toContain("no model was asked");
  await page.getByRole("button", { name: "Show the passages" }).click();
  await page.locator(".passage").first().click();
  await page.locator(".document-text mark").first().waitFor();
});
