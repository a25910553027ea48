import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openLocal } from "../helpers/local.ts";
import { launchChromium } from "./chromium.ts";
import { askOn, openPage, type View } from "./open-page.ts";

const ROOT = join(import.meta.dirname, "../..");
const IMAGES = join(ROOT, "docs/images");

const MAX_BYTES = 150_000;
const QUALITY = 0.9;

/** A third of the size of a PNG, and letters as sharp as before. The browser itself is what can write it. */
async function asWebp(page: Page, png: Buffer): Promise<Buffer> {
  const blank = await page.context().newPage();
  const url = await blank.evaluate(
    async ([base64, quality]) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext("2d")!.drawImage(image, 0, 0);
      return canvas.toDataURL("image/webp", quality);
    },
    [png.toString("base64"), QUALITY] as const,
  );
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}

/** Pictures of the main views for the handbook, made anew: `npm run screenshots`. */
async function main(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const app = await openLocal({ folder: join(ROOT, "docs") });
  const browser = await launchChromium();
  const shoot = async (
    name: string,
    view: View,
    steps: (opened: Awaited<ReturnType<typeof openPage>>) => Promise<void>,
  ): Promise<void> => {
    const opened = await openPage(browser, app, { width: 1200, height: 720, ...view });
    await opened.page.locator(".sidebar").waitFor({ state: "attached" });
    await steps(opened);
    await opened.page.waitForTimeout(400);
    const picture = await asWebp(opened.page, await opened.page.screenshot());
    if (picture.byteLength > MAX_BYTES) throw new Error(`${name} has ${picture.byteLength} bytes`);
    writeFileSync(join(IMAGES, `${name}.webp`), picture);
    await opened.context.close();
  };
  try {
    await shoot("chat", {}, async ({ page }) => {
      await askOn(page, "Which file formats can Cairn read?");
      await askOn(page, "How do I create an API key, and which scopes are there?");
      await page.locator(".turn:last-child .mark").first().click();
      await page.locator(".document-text mark").first().waitFor();
    });
    await shoot("chat-zh", { language: "zh", scheme: "dark" }, async ({ page }) => {
      await askOn(page, "Cairn 支持哪些文件格式？");
      await askOn(page, "怎样删除一个文档？");
      await page.locator(".turn:last-child .mark").first().click();
      await page.locator(".document-text mark").first().waitFor();
    });
    await shoot("lineage", {}, async ({ page }) => {
      await askOn(page, "Who may read a document that I upload?");
      await page.locator(".checked").click();
      // The record gets its place in the log a moment after the answer.
      await page.waitForTimeout(2500);
      await page.locator(".lineage-check .button-primary").click();
      await page.locator(".check-verdict").waitFor();
    });
    await shoot("documents", {}, async ({ page }) => {
      await page.locator(".nav-link").first().click();
      await page.locator(".row-link").nth(2).click();
      await page.locator(".versions").waitFor();
    });
    await shoot("status", { scheme: "dark" }, async ({ page }) => {
      await page.locator(".nav-link").nth(1).click();
      await page.locator(".card").nth(5).waitFor();
    });
    await shoot("phone", { width: 360 }, async ({ page }) => {
      await askOn(page, "How do I back up Cairn?");
      await page.locator(".mark").first().focus();
    });
  } finally {
    await browser.close();
    await app.close();
  }
}

await main();
