import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { launchChromium } from "./chromium.ts";
import { askOn, openPage, type View } from "./open-page.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let app: LocalApp;
let locked: LocalApp;
let browser: Browser;
beforeAll(async () => {
  const files = {
    "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees. | Run `boil`.\n",
    "茶.md": "# 茶\n\n乌龙茶的水温是九十度。\n",
  };
  [app, locked, browser] = await Promise.all([openLocal({ files }), openLocal({ auth: "keys" }), launchChromium()]);
  await app.upload({ text: "%PDF-1.7 broken", uri: "a.md", media_type: "text/markdown" });
});
afterAll(async () => {
  await browser.close();
  await app.close();
  await locked.close();
});

type Violation = {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
};

/** What axe-core finds on the page as it is now, and anything that sticks out of it sideways. */
async function faultsOf(page: Page, name: string): Promise<string[]> {
  const violations = await page.evaluate(async (tags) => {
    const { axe } = window as unknown as {
      axe: { run(root: Document, options: object): Promise<{ violations: Violation[] }> };
    };
    return (await axe.run(document, { runOnly: tags, resultTypes: ["violations"] })).violations;
  }, RULES);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  return [
    ...violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${name}: ${id}: ${html} ${failureSummary}`),
    ),
    ...(wide ? [`${name}: wider than the window`] : []),
  ];
}

const VIEWS: View[] = [
  { language: "en", scheme: "light" },
  { language: "zh", scheme: "dark" },
  { language: "en", scheme: "dark", width: 360 },
  { language: "zh", scheme: "light", width: 360 },
];

test.each(VIEWS)("no view has a fault that axe-core knows: %o", async (view) => {
  const { page, problems } = await openPage(browser, app, view);
  await page.context().addInitScript(AXE);
  await page.reload();
  const faults: string[] = [];
  const look = async (name: string): Promise<void> => void faults.push(...(await faultsOf(page, name)));
  const go = async (hash: string, selector: string): Promise<void> => {
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await page.locator(selector).first().waitFor();
  };

  await page.locator(".example").first().waitFor();
  await look("welcome");
  await askOn(page, view.language === "zh" ? "乌龙茶的水温是多少？" : "How hot is green tea steeped?");
  await page.locator(".answer-buttons .icon-button").nth(4).click();
  await page.locator(".feedback").waitFor();
  await look("answer with feedback");
  await page.locator(".mark").first().focus();
  await page.locator(".quote-card").waitFor();
  await look("quote");
  await page.locator(".mark").first().click();
  await page.locator(".document-text mark").waitFor();
  await look("source");
  await page.keyboard.press("Escape");
  await page.locator(".checked").click();
  await page.locator(".lineage-check .button-primary").click();
  await page.locator(".check-verdict").waitFor();
  await look("lineage");
  await page.keyboard.press("Escape");
  await askOn(page, view.language === "zh" ? "冰岛的首都在哪里？" : "What is the capital of Iceland?");
  await page.locator(".view-actions .icon-button").click();
  await page.locator("[role=menu]").waitFor();
  await look("refusal with menu");
  await go("#/documents", ".row-link");
  await look("documents");
  await page.locator(".row-link").first().click();
  await page.locator(".version").first().waitFor();
  await look("document");
  await page.locator(".button-quiet-danger").click();
  await page.locator("dialog[open]").waitFor();
  await look("dialog");
  await page.keyboard.press("Escape");
  await go("#/documents?kind=sources", ".source-row");
  await look("sources");
  await go("#/status", ".card:nth-child(5)");
  await look("status");
  expect([faults, problems]).toEqual([[], []]);
});

test.each(VIEWS)("the sign-in has no fault either: %o", async (view) => {
  const { page } = await openPage(browser, locked, view);
  await page.context().addInitScript(AXE);
  await page.reload();
  await page.locator("#api-key").fill("wrong");
  await page.keyboard.press("Enter");
  await page.locator("[role=alert]").waitFor();
  expect(await faultsOf(page, "sign-in")).toEqual([]);
});
