import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
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

const TEA = "# Tea\n\nGreen tea is steeped at 80 degrees.\n\nBlack tea is steeped at 95 degrees.\n";
const GREEN = "Green tea is steeped at 80 degrees. [1]";

let app: LocalApp;
let upstream: MockUpstream;
let browser: Browser;
let behave: Behaviour;
beforeAll(async () => {
  upstream = await mockUpstream((response, call) => behave(response, call));
  [app, browser] = await Promise.all([
    openLocal({ modelUrl: upstream.baseUrl, files: { "tea.md": TEA } }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  behave = says(GREEN);
});

const says = (text: string): Behaviour => streams(delta(text), finish("stop"), DONE);
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const messagesOn = async (page: Page): Promise<string[]> => {
  const id = /#\/chat\/([\w-]+)/.exec(page.url())![1];
  const { messages } = (await (await app.send(`/v1/conversations/${id}`)).json()) as {
    messages: { content: string }[];
  };
  return messages.map(({ content }) => content);
};

test("an answer that is stopped keeps what had come, and is asked for again in its place", async () => {
  behave = stalls(delta("Green tea is steeped"));
  const { page, problems } = await openPage(browser, app);
  await page.locator(".composer-field").fill("How hot is green tea?");
  await page.keyboard.press("Enter");
  await page.getByText("Green tea is steeped").waitFor();
  await button(page, "Stop the answer").click();
  await page.getByText("You stopped this answer").waitFor();
  await expect.poll(() => messagesOn(page)).toEqual(["How hot is green tea?", "Green tea is steeped"]);

  behave = says(GREEN);
  await button(page, "Ask again").click();
  await page.locator(".mark").waitFor();
  expect(await messagesOn(page)).toEqual(["How hot is green tea?", GREEN]);
  expect(await page.locator(".turn").count()).toBe(1);
  expect(problems).toEqual([]);
});

test("a question is put in other words, and what came after it goes", async () => {
  const { page } = await openPage(browser, app);
  await askOn(page, "How hot is green tea?");
  await askOn(page, "And is that hot?");
  behave = says("Black tea is steeped at 95 degrees. [1]");
  await page.locator(".question").first().hover();
  await button(page, "Edit question").first().click();
  await page.locator(".question-editing textarea").fill("How hot is black tea?");
  await page.keyboard.press("Enter");
  await page.locator(".md .mark").waitFor();
  expect(await messagesOn(page)).toEqual(["How hot is black tea?", "Black tea is steeped at 95 degrees. [1]"]);

  behave = says("At 95 degrees. [1]");
  await button(page, "Answer again").click();
  await page.locator(".md", { hasText: "At 95 degrees." }).waitFor();
  expect(await page.locator(".turn").count()).toBe(1);
});

test("an answer is copied as text and as Markdown with its sources, a conversation exported", async () => {
  const { page } = await openPage(browser, app);
  await askOn(page, "How hot is green tea?");
  const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await button(page, "Copy as text").click();
  await expect.poll(clipboard).toBe("Green tea is steeped at 80 degrees.");
  await button(page, "Copy as Markdown with sources").click();
  await expect
    .poll(clipboard)
    .toMatch(/degrees\. \[1\]\n\nSources:\n\n\[1\] Tea — file:.*tea\.md\n {4}“Green tea is steeped at 80 degrees\.”/);

  const exported = async (item: string): Promise<string> => {
    await button(page, "Export").click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: item }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^How hot is green tea\s*\.(md|json)$/);
    return readFileSync((await file.path())!, "utf8");
  };
  expect(await exported("As Markdown")).toContain(
    "## How hot is green tea?\n\nGreen tea is steeped at 80 degrees. [1]",
  );
  expect(JSON.parse(await exported("As JSON"))).toMatchObject({
    messages: [{ role: "user" }, { role: "assistant", outcome: "answered" }],
  });
});

test("conversations are found, renamed and deleted", async () => {
  const { page } = await openPage(browser, app);
  await askOn(page, "Which tea is steeped at eighty?");
  await page.locator(".search input").fill("EIGHTY");
  await expect.poll(() => page.locator(".conversation").allTextContents()).toEqual(["Which tea is steeped at eighty?"]);
  await page.locator(".conversation").hover();
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByLabel("New title").fill("Tea time");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Tea time" }).waitFor();
  await page.locator(".conversation").hover();
  await page.getByRole("button", { name: "Delete “Tea time”" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No conversation has these words").waitFor();
  await page.locator(".welcome-title").waitFor();
});

test("feedback counts at once, may say why, and is still there after a reload", async () => {
  const { page } = await openPage(browser, app);
  await askOn(page, "How hot is green tea?");
  await button(page, "This answer did not help").click();
  await page.getByLabel("It is out of date").check();
  await page.getByLabel("Comment").fill("It is 75 now.");
  await button(page, "Send feedback").click();
  await page.getByText("Thank you.").waitFor();
  const rows = await app.db.all("select rating, reason, comment from feedback");
  expect(rows).toEqual([{ rating: "down", reason: "outdated", comment: "It is 75 now." }]);

  await page.reload();
  const down = button(page, "This answer did not help");
  await expect.poll(() => down.getAttribute("aria-pressed")).toBe("true");
  await down.click();
  expect(await page.getByLabel("It is out of date").isChecked()).toBe(true);
  expect(await page.getByLabel("Comment").inputValue()).toBe("It is 75 now.");
});

test("tables, lists and code are drawn as such, with their citations", async () => {
  behave = says(
    "| tea | heat |\n|---|--:|\n| green | 80 degrees [1] |\n\n1. Boil\n2. **Wait** [1]\n\n```sh\nboil --at 80 # [1]\n```\n",
  );
  const { page } = await openPage(browser, app);
  await askOn(page, "How hot is green tea?");
  expect(await page.locator(".md-table td.align-right").textContent()).toMatch(/80 degrees/);
  expect(await page.locator(".md ol li strong").textContent()).toBe("Wait");
  expect(await page.locator(".md-code pre").textContent()).toBe("boil --at 80 # [1]");
  expect(await page.locator(".md .mark").count()).toBe(2);
});

test("a claim that its quote does not bear out looks different and says why", async () => {
  behave = says("Green tea is steeped at 99 degrees for 7 hours. [1]");
  const { page } = await openPage(browser, app);
  await askOn(page, "How hot is green tea?");
  await page.locator(".mark-unverified").hover();
  await expect.poll(() => page.locator(".quote-card").textContent()).toContain("not clearly say");
  await page.getByText("Read this answer with care").waitFor();
});

test("the lineage is shown, and the browser itself verifies it", async () => {
  const { page, problems } = await openPage(browser, app);
  await askOn(page, "How hot is green tea?");
  await page.locator(".checked").click();
  await expect.poll(() => page.locator(".pane").textContent()).toContain("mock-model");
  const results = async (): Promise<Record<string, string>> => {
    await button(page, "Check now").click();
    await page.locator(".check-verdict").waitFor();
    const rows = await page
      .locator(".check")
      .evaluateAll((all) => all.map((one) => [one.getAttribute("data-check")!, one.getAttribute("data-result")!]));
    return Object.fromEntries(rows) as Record<string, string>;
  };
  const good = { signature: "ok", digest: "ok", answer: "ok", tag: "ok", inclusion: "ok", shown: "ok", quotes: "ok" };
  await expect.poll(results, { timeout: 15_000, interval: 1000 }).toMatchObject(good);

  // A server that changes an answer afterwards is found out.
  await app.db.run("update answer set content = replace(content, '80', '81')");
  await page.reload();
  await button(page, "Check now").waitFor();
  expect(await results()).toMatchObject({ signature: "ok", answer: "failed" });
  await page.getByText("Something does not hold").waitFor();
  await app.db.run("update answer set content = replace(content, '81', '80')");
  expect(problems).toEqual([]);
});

test("of a document that is gone nothing stays on the screen", async () => {
  const uploaded = await app.upload({ text: "# Secret\n\nThe vault code is 4711.\n", uri: "secret.md" });
  behave = says("The vault code is 4711. [1]");
  const { page } = await openPage(browser, app);
  await askOn(page, "What is the vault code?");
  await app.send(`/v1/documents/${uploaded.document.id}`, undefined, { method: "DELETE" });
  await page.locator(".mark").first().click();
  await page.getByText("This document is not available to you").waitFor();
  await page.getByText("This answer is withheld").waitFor();
  expect(await page.locator("body").textContent()).not.toContain("4711");
});
