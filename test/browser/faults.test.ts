import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freePorts } from "../helpers/free-ports.ts";
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
import { spawnLocal } from "../local/spawn-local.ts";
import { launchChromium } from "./chromium.ts";
import { askOn, openPage } from "./open-page.ts";

let app: LocalApp;
let upstream: MockUpstream;
let browser: Browser;
let behave: Behaviour;
beforeAll(async () => {
  upstream = await mockUpstream((response, call) => behave(response, call));
  [app, browser] = await Promise.all([
    openLocal({
      auth: "keys",
      modelUrl: upstream.baseUrl,
      files: { "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees.\n" },
    }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await app.close();
  await upstream.close();
});
beforeEach(() => {
  behave = streams(delta("Green tea is steeped at 80 degrees. [1]"), finish("stop"), DONE);
});

async function signedIn(subject: string) {
  const { key } = await app.keyFor({ subject, scopes: ["chat"] });
  const opened = await openPage(browser, app);
  await opened.page.getByLabel("API key").fill(key);
  await opened.page.getByRole("button", { name: "Sign in" }).click();
  await opened.page.locator(".composer-field").waitFor();
  return { ...opened, key };
}

test("whoever has no key sees the sign-in and nothing else; a wrong key is refused in plain words", async () => {
  const { page, problems } = await openPage(browser, app, {}, "/#/documents");
  await page.getByText("Sign in to Cairn").waitFor();
  await page.getByLabel("API key").fill("cairn_nothing");
  await page.keyboard.press("Enter");
  await page.getByText("This key is unknown, expired or revoked.").waitFor();
  expect(await page.locator(".sidebar").count()).toBe(0);
  expect(problems).toEqual([]);
});

test("the key is kept nowhere in the page, and signing out ends the session", async () => {
  const { page, key, context } = await signedIn("ann");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  expect(kept).not.toContain(key.slice(10, 30));
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ name: "cairn_session", httpOnly: true, sameSite: "Strict" });
  expect(cookie!.value).not.toContain(key.slice(18, 40));
  await askOn(page, "How hot is green tea?");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("Sign in to Cairn").waitFor();
  expect(await page.locator("body").textContent()).not.toContain("green tea");
  const after = await fetch(`${app.address}/v1/session`, { headers: { cookie: `cairn_session=${cookie!.value}` } });
  expect(after.status).toBe(401);
});

test("an expired session asks for the key again, and goes on where the reader was", async () => {
  const { page, key } = await signedIn("bob");
  await askOn(page, "How hot is green tea?");
  await page.locator(".conversation").waitFor();
  await app.db.run("delete from session");
  await page.locator(".composer-field").fill("Is that too hot?");
  await page.keyboard.press("Enter");
  await page.getByText("Your session has ended.").waitFor();
  await page.getByLabel("API key").fill(key);
  await page.keyboard.press("Enter");
  await page.getByText("Is that too hot?").waitFor();
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.locator(".turn").nth(1).locator(".mark").waitFor();
});

test("an answer that is cut off stays as far as it came, is marked, and is asked for again with one click", async () => {
  const { page } = await signedIn("carol");
  behave = stalls(delta("Green tea is steeped"));
  await page.locator(".composer-field").fill("How hot is green tea?");
  await page.keyboard.press("Enter");
  await page.locator(".md", { hasText: "Green tea is steeped" }).waitFor();
  app.local.cut();
  await page.getByText("this answer is incomplete").waitFor();
  expect(await page.locator(".md").textContent()).toContain("Green tea is steeped");
  behave = streams(delta("Green tea is steeped at 80 degrees. [1]"), finish("stop"), DONE);
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.locator(".mark").waitFor();
  expect(await page.locator(".turn").count()).toBe(1);
});

test("a model server that breaks off in mid-answer is named", async () => {
  const { page } = await signedIn("dan");
  behave = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(delta("Green tea is"), () => setTimeout(() => response.destroy(), 50));
  };
  await askOn(page, "How hot is green tea?");
  await page.locator(".notice-title", { hasText: "model server failed" }).waitFor();
  expect(await page.locator(".md").textContent()).toContain("Green tea is");
});

test("too many questions: the wait is counted down, and then it goes on", async () => {
  const { page } = await signedIn("eve");
  let refuse = true;
  await page.route("**/v1/chat/completions", async (route) => {
    if (!refuse) return route.fallback();
    const error = {
      message: "The limit of requests a minute is reached.",
      code: "rate_limited",
      type: "rate_limit_error",
      param: null,
    };
    await route.fulfill({ status: 429, headers: { "retry-after": "2" }, json: { error } });
  });
  await page.locator(".composer-field").fill("How hot is green tea?");
  await page.keyboard.press("Enter");
  await page.getByText(/You can ask again in [12] s\./).waitFor();
  const again = page.getByRole("button", { name: "Ask again" });
  expect(await again.isDisabled()).toBe(true);
  await expect.poll(() => again.isEnabled(), { timeout: 6000 }).toBe(true);
  refuse = false;
  await again.click();
  await page.locator(".mark").waitFor();
});

test("who is not available is said in the server's own words", async () => {
  const { page } = await signedIn("fay");
  await page.route("**/v1/chat/completions", (route) => {
    const error = {
      message: "The model gateway cannot be reached. Try again shortly.",
      code: "unavailable",
      type: "server_error",
      param: null,
    };
    return route.fulfill({ status: 503, json: { error } });
  });
  await askOn(page, "How hot is green tea?");
  expect(await page.locator(".notice").textContent()).toMatch(/not available.*The model gateway cannot be reached/s);
});

test("what one tab does, the other shows", async () => {
  const { page, tab } = await signedIn("gus");
  const other = await tab();
  await other.locator(".composer-field").waitFor();
  await askOn(page, "How hot is green tea?");
  await other.locator(".conversation a", { hasText: "How hot is green tea?" }).waitFor();
  await page.locator(".conversation").hover();
  await page.getByRole("button", { name: "Delete “" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect.poll(() => other.locator(".conversation").count()).toBe(0);
});

test("on a clock that is days wrong, today is still today", async () => {
  const opened = await openPage(browser, app);
  await opened.context.addInitScript(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 3 * 86_400_000;
  });
  const { key } = await app.keyFor({ subject: "hal", scopes: ["chat"] });
  await opened.page.reload();
  await opened.page.getByLabel("API key").fill(key);
  await opened.page.keyboard.press("Enter");
  await askOn(opened.page, "How hot is green tea?");
  await expect.poll(() => opened.page.locator(".group-name").allTextContents()).toEqual(["Today"]);
});

test("a server that is started anew is found again, and nothing that was shown is lost", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cairn-restart-"));
  writeFileSync(join(folder, "tea.md"), "# Tea\n\nGreen tea is steeped at 80 degrees.\n");
  const [port, gatewayPort] = await freePorts();
  const env = { CAIRN_DATA: join(folder, "data"), CAIRN_PORT: String(port), CAIRN_GATEWAY_PORT: String(gatewayPort) };
  const start = async () => {
    const local = spawnLocal(env, [join(folder)]);
    await local.ready();
    return local;
  };
  let local = await start();
  try {
    const { page } = await openPage(browser, { address: `http://127.0.0.1:${port}` });
    await askOn(page, "How hot is green tea steeped?");
    local.child.kill("SIGKILL");
    await local.exited();
    await page.locator(".composer-field").fill("Is green tea steeped hot?");
    await page.keyboard.press("Enter");
    await page.getByText("Trying again…").waitFor();
    local = await start();
    await page.getByText("The server is back.").waitFor({ timeout: 30_000 });
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.locator(".turn").nth(1).locator(".answer[aria-busy=false] .mark").first().waitFor();
    expect(await page.locator(".turn").count()).toBe(2);
  } finally {
    local.child.kill("SIGKILL");
    await local.exited();
    rmSync(folder, { recursive: true });
  }
});

test("a reader who returns to a tab finds the place where they were, and what was withdrawn meanwhile gone", async () => {
  const { page } = await signedIn("ida");
  behave = streams(
    delta(`Green tea is steeped at 80 degrees. [1]\n\n${"And so on.\n\n".repeat(60)}`),
    finish("stop"),
    DONE,
  );
  await askOn(page, "How hot is green tea?");
  const thread = page.getByTestId("thread");
  await thread.evaluate((element) => element.scrollTo(0, 0));
  const comeBack = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  const again = page.waitForResponse(/v1\/conversations\/[\w-]+\?/);
  await comeBack();
  await again;
  await page.waitForTimeout(200);
  expect(await thread.evaluate((element) => element.scrollTop)).toBe(0);

  await app.send("/v1/withdrawals", { kind: "document", target: await teaId(), reason: "out of date" });
  await comeBack();
  await page.getByText("This answer is withheld").waitFor();
  expect(await page.locator("body").textContent()).not.toContain("80 degrees");
});

const teaId = async (): Promise<string> =>
  (await app.db.get<{ id: string }>("select id from document where uri like '%tea.md'"))!.id;
