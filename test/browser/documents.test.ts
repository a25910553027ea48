import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { launchChromium } from "./chromium.ts";
import { askOn, openPage } from "./open-page.ts";

let app: LocalApp;
let browser: Browser;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-files-"));
  mkdirSync(join(folder, "handbook/parts"), { recursive: true });
  writeFileSync(join(folder, "handbook/rules.md"), "# Rules\n\nThe office opens at seven.\n");
  writeFileSync(join(folder, "handbook/parts/茶.md"), "# 茶\n\n乌龙茶的水温是九十度。\n");
  writeFileSync(join(folder, "handbook/.hidden.md"), "# Hidden\n");
  [app, browser] = await Promise.all([
    openLocal({ files: { "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees.\n" } }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
  rmSync(folder, { recursive: true });
});

const titles = (page: Page): Promise<string[]> => page.locator(".row-title").allTextContents();
const upload = (name: string, text: string) => ({ name, mimeType: "text/markdown", buffer: Buffer.from(text) });

test("files are sent, read and asked about; what cannot be read says why and is tried anew", async () => {
  const { page, problems } = await openPage(browser, app, {}, "/#/documents");
  await page
    .getByTestId("files")
    .setInputFiles([
      upload("leave.md", "# Leave\n\nEverybody has 30 days of leave.\n"),
      { name: "photo.png", mimeType: "image/png", buffer: Buffer.from("\x89PNG\r\n\x1a\nnothing", "latin1") },
      { name: "broken.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\nnothing of the kind") },
    ]);
  await page.locator(".upload-ready", { hasText: "leave.md" }).waitFor();
  await expect.poll(() => page.locator(".upload-failed").allTextContents(), { timeout: 20_000 }).toHaveLength(2);
  const failed = (await page.locator(".upload-failed").allTextContents()).join("\n");
  expect(failed).toMatch(/photo\.png.*cannot be read/s);
  expect(failed).toMatch(/broken\.pdf.*could not be read/s);
  await expect.poll(() => titles(page)).toContain("Leave");
  await page.locator(".segment", { hasText: "failed" }).click();
  await expect.poll(async () => (await titles(page)).sort()).toEqual(["broken.pdf", "photo.png"]);
  await page.locator(".row-link", { hasText: "broken.pdf" }).click();
  await page.locator(".versions .link-button", { hasText: "Try again" }).click();
  await expect.poll(() => page.locator(".version").textContent(), { timeout: 20_000 }).toMatch(/on its way|failed/);

  await page.locator(".button-new").click();
  await askOn(page, "How many days of leave does everybody have?");
  expect(await page.locator(".md").textContent()).toContain("30 days");
  expect(problems).toEqual([]);
});

test("a folder is taken in with its paths, without what is hidden in it", async () => {
  const { page } = await openPage(browser, app, {}, "/#/documents");
  await page.getByTestId("folder").setInputFiles(join(folder, "handbook"));
  await expect.poll(() => page.locator(".upload-ready").count(), { timeout: 20_000 }).toBe(2);
  const paths = await page.locator(".upload-path").allTextContents();
  expect(paths.sort()).toEqual(["handbook/parts/茶.md", "handbook/rules.md"]);
  await page.getByLabel("Search titles and paths").fill("PARTS/茶");
  await expect.poll(() => titles(page)).toEqual(["茶"]);
});

test("files are dropped anywhere on the view", async () => {
  const { page } = await openPage(browser, app, {}, "/#/documents");
  await page.locator(".drop-zone").waitFor();
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["# Dropped\n\nThe lift holds 8 people.\n"], "dropped.md", { type: "text/markdown" }));
    return data;
  });
  await page.dispatchEvent(".documents", "drop", { dataTransfer: transfer });
  await page.locator(".upload-ready", { hasText: "dropped.md" }).waitFor();
});

test("files for nobody in particular are not sent to everybody", async () => {
  const { page } = await openPage(browser, app, {}, "/#/documents");
  const zone = page.locator(".drop-zone");
  await zone.getByLabel("Only these people and groups").check();
  const files = page.getByTestId("files");
  await files.setInputFiles(upload("private.md", "# Private\n\nThe alarm code is 4711.\n"));
  await page.locator(".toast-bad").waitFor();
  expect(await page.locator(".upload").count()).toBe(0);
  await zone.getByLabel("Name").fill("hr");
  await page.keyboard.press("Enter");
  await files.setInputFiles(upload("private.md", "# Private\n\nThe alarm code is 4711.\n"));
  await page.locator(".upload-ready").waitFor();
  const row = await app.db.get<{ acl: string }>("select acl from document where uri = 'upload:///private.md'");
  expect(row!.acl).toBe('["group:hr"]');
  // A newer version, sent without a thought about its readers, does not open it.
  await zone.getByLabel("Everyone in the tenant").check();
  await files.setInputFiles(upload("private.md", "# Private\n\nThe alarm code is 4712.\n"));
  await expect.poll(() => page.locator(".upload-ready").count()).toBe(2);
  expect((await app.db.get<{ acl: string }>("select acl from document where uri = 'upload:///private.md'"))!.acl).toBe(
    '["group:hr"]',
  );
});

test("who may read is changed at once, for the page and for everybody", async () => {
  const { document } = await app.upload({ text: "# Pay\n\nThe pay day is the 25th.\n", uri: "pay.md" });
  const { key } = await app.keyFor({ tenant: "local", subject: "ann", scopes: ["chat"] });
  const { page } = await openPage(browser, app, {}, `/#/documents?kind=document&document=${document.id}`);
  const readable = async (): Promise<number> =>
    (await app.send(`/v1/documents/${document.id}`, undefined, { key })).status;
  expect(await readable()).toBe(200);
  const pane = page.locator(".pane");
  await pane.getByLabel("Only these people and groups").check();
  await pane.getByLabel("Name").fill("hr");
  await pane.getByRole("button", { name: "Add", exact: true }).click();
  await pane.getByRole("button", { name: "Save who may read" }).click();
  await page.getByText("Saved. It counts").waitFor();
  expect(await readable()).toBe(404);
  await expect
    .poll(() => page.locator(".row", { hasText: "Pay" }).locator(".row-readers").textContent())
    .toContain("Group hr");
});

test("versions are kept side by side, and a document is deleted for good", async () => {
  const { document } = await app.upload({ text: "# Menu\n\nMonday is soup.\n", uri: "menu.md" });
  await app.send(`/v1/documents/${document.id}`, { text: "# Menu\n\nMonday is pasta.\n" }, { method: "PUT" });
  await app.local.worker.idle();
  const { page } = await openPage(browser, app, {}, `/#/documents?kind=document&document=${document.id}`);
  await expect.poll(() => page.locator(".version").count()).toBe(2);
  await page.locator(".version").nth(1).getByRole("link", { name: "Read the text" }).click();
  await expect.poll(() => page.locator(".document-text").textContent()).toContain("soup");
  expect(await page.locator(".facts").textContent()).toMatch(/Version 1.*not the current version/s);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Original file" }).click();
  await (await download).path();
  await page.goBack();
  await page.getByRole("button", { name: "Delete this document" }).click();
  expect(await page.getByRole("dialog").textContent()).toContain("gone from the next answer on");
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("Deleted. The next answer").waitFor();
  expect((await app.send(`/v1/documents/${document.id}`)).status).toBe(404);
});

test("a folder of the server's machine is added as a source and synced", async () => {
  const { page, problems } = await openPage(browser, app, {}, "/#/documents?kind=sources");
  await page
    .getByLabel("Add a folder of the server's machine, a web site or an S3 prefix")
    .fill(join(folder, "handbook"));
  await page.getByRole("button", { name: "Add", exact: true }).click();
  const row = page.locator(".source-row", { hasText: "handbook" });
  await row.getByRole("button", { name: "Sync now" }).click();
  // The sync runs beside the request that asks for it.
  await expect.poll(() => row.textContent(), { timeout: 60_000 }).toMatch(/\d added/);
  expect(problems).toEqual([]);
});
