import type { Browser, BrowserContext, Page } from "playwright-core";
import type { LocalApp } from "../helpers/local.ts";

export type View = {
  readonly language?: "en" | "zh";
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** Stops every request that would leave, one by one: what only a test of that pays for. Seen they are always. */
  readonly guarded?: boolean;
};
export type OpenedPage = {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses outside the page's origin that something tried to reach. */
  readonly outside: string[];
  /** Errors of scripts, and what the page's policy refused. */
  readonly problems: string[];
  /** Another tab of the same reader. */
  tab(path?: string): Promise<Page>;
};

/** The page of a running application, watched: every request and every error is seen. */
export async function openPage(
  browser: Browser,
  app: Pick<LocalApp, "address">,
  view: View = {},
  path = "/",
): Promise<OpenedPage> {
  const { language = "en", scheme = "light", width = 1280, height = 800, guarded = false } = view;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale: language === "zh" ? "zh-CN" : "en-GB",
    permissions: ["clipboard-read", "clipboard-write"],
    reducedMotion: "reduce",
  });
  const outside: string[] = [];
  const problems: string[] = [];
  const leaves = (url: string): boolean => new URL(url).origin !== app.address && !url.startsWith("blob:");
  context.on("request", (request) => {
    if (leaves(request.url())) outside.push(request.url());
  });
  if (guarded)
    await context.route("**/*", (route) => (leaves(route.request().url()) ? route.abort() : route.continue()));
  const watched = async (at: string): Promise<Page> => {
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      // A refused request is logged by the browser itself; what it means to the page is tested where it is made.
      if (message.type() === "error" && !/Failed to load resource/.test(message.text())) problems.push(message.text());
    });
    page.on("dialog", (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(app.address + at);
    return page;
  };
  return { page: await watched(path), context, outside, problems, tab: (at = "/") => watched(at) };
}

/** Asks on the page and waits for the end of the answer. */
export async function askOn(page: Page, question: string): Promise<void> {
  await page.locator(".composer-field").fill(question);
  await page.keyboard.press("Enter");
  await page.locator(".turn:last-child .answer[aria-busy=false]").waitFor();
}
