import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { launchChromium } from "./chromium.ts";
import { openPage } from "./open-page.ts";

const MAX_TABS = 80;

let app: LocalApp;
let browser: Browser;
beforeAll(async () => {
  [app, browser] = await Promise.all([
    openLocal({ files: { "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees.\n" } }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

/** Presses Tab until what has the focus is described by the pattern, and the focus can be seen. */
async function tabTo(page: Page, pattern: RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < MAX_TABS; i++) {
    const { name, ring } = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const label = element.getAttribute("aria-label") ?? element.textContent ?? "";
      const around = element.closest(".composer, .search") ?? element.nextElementSibling ?? element;
      const visible = [element, around].some((one) => {
        const { outlineStyle, boxShadow } = getComputedStyle(one);
        return outlineStyle !== "none" || boxShadow !== "none";
      });
      return { name: `${element.tagName} ${label.trim()}`, ring: visible };
    });
    if (pattern.test(name)) {
      expect(ring, `${name} shows its focus`).toBe(true);
      return;
    }
    seen.push(name);
    await page.keyboard.press(key);
  }
  throw new Error(`Nothing like ${pattern} has the focus: ${seen.join(" | ")}`);
}

test("asking, looking at a source, checking, rating and bringing a document need no mouse", async () => {
  const { page, problems } = await openPage(browser, app);
  await page.locator(".example").first().waitFor();
  await tabTo(page, /^TEXTAREA Your question/);
  await page.keyboard.type("How hot is green tea steeped?");
  await page.keyboard.press("Enter");
  await page.locator(".answer[aria-busy=false]").waitFor();

  await tabTo(page, /^A Source 1: Tea/, "Shift+Tab");
  await expect.poll(() => page.locator(".quote-card").textContent()).toContain("80 degrees");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(".quote-card").count()).toBe(0);
  await page.keyboard.press("Enter");
  await page.locator(".document-text mark").waitFor();
  expect(await page.evaluate(() => document.activeElement?.className)).toBe("pane");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(".pane").count()).toBe(0);
  await tabTo(page, /^A Source 1: Tea/);

  await tabTo(page, /^BUTTON Citation verified/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^BUTTON Check now/);
  await page.keyboard.press("Enter");
  await page.locator(".check-verdict").waitFor();
  await page.keyboard.press("Escape");

  await tabTo(page, /^BUTTON This answer helped/);
  await page.keyboard.press("Space");
  await page.locator(".feedback").waitFor();
  await tabTo(page, /^BUTTON Send feedback/);
  await page.keyboard.press("Enter");
  await page.getByText("Thank you.").waitFor();

  await tabTo(page, /^BUTTON Export/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("As JSON");
  await page.keyboard.press("Escape");

  await tabTo(page, /^A Documents/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator(".row-link").first().waitFor();
  // Asked for early: the browser has to know before the key comes that the test will answer.
  const chooser = page.waitForEvent("filechooser");
  await tabTo(page, /^BUTTON Add files/);
  await page.keyboard.press("Enter");
  await (await chooser).setFiles({
    name: "leave.md",
    mimeType: "text/markdown",
    buffer: Buffer.from("# Leave\n\n30 days.\n"),
  });
  await page.locator(".upload-ready").waitFor();
  await tabTo(page, /^A Leave/);
  await page.keyboard.press("Enter");
  await page.locator(".version").waitFor();
  await tabTo(page, /^BUTTON Delete this document/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^BUTTON Delete$/);
  await page.keyboard.press("Enter");
  await page.getByText("Deleted. The next answer").waitFor();
  expect(problems).toEqual([]);
});

test("screen readers hear an answer once, when it is complete", async () => {
  const { page } = await openPage(browser, app);
  await page.locator(".composer-field").waitFor();
  await page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    new MutationObserver(() => heard.push(document.querySelector("[data-testid=spoken]")!.textContent!)).observe(
      document.querySelector("[data-testid=spoken]")!,
      { childList: true, characterData: true, subtree: true },
    );
  });
  await page.locator(".composer-field").fill("How hot is green tea steeped?");
  await page.keyboard.press("Enter");
  await page.locator(".answer[aria-busy=false]").waitFor();
  const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  expect(heard).toEqual(["Answer: Green tea is steeped at 80 degrees."]);
  expect(await page.locator(".answer [aria-live], .answer [role=log]").count()).toBe(0);
});
