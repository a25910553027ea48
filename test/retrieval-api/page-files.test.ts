import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPageFiles } from "../../services/retrieval-api/serve-page/page-files.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";

const MAX_COMPRESSED_BYTES = 120_000;

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal();
});
afterAll(() => app.close());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${app.address}${path}`, { headers, redirect: "manual" });

test("the whole page is small", async () => {
  const { html, files } = await loadPageFiles();
  for (const encoding of ["br", "gzip"] as const) {
    const sizes = await Promise.all(
      [html, ...files.values()].map(async (file) => (await file.encoded(encoding)).length),
    );
    expect(
      sizes.reduce((a, b) => a + b, 0),
      encoding,
    ).toBeLessThan(MAX_COMPRESSED_BYTES);
  }
});

test("the page allows nothing of others and nothing inline", async () => {
  const response = await get("/");
  const policy = response.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  const text = await response.text();
  expect(text).not.toMatch(/\sstyle=|\son\w+=|<style|<script>|https?:\/\//);
  expect(response.headers.get("cache-control")).toBe("no-cache");
  expect((await get("/", { "if-none-match": response.headers.get("etag")! })).status).toBe(304);
});

test("every file that the page names is there, for good, as what it is", async () => {
  const text = await (await get("/")).text();
  const paths = [...text.matchAll(/(?:href|src)="(page\/[^"]+)"/g)].map(([, path]) => `/${path}`);
  expect(paths.length).toBeGreaterThan(50);
  for (const path of new Set(paths)) {
    const response = await get(path, { "accept-encoding": "gzip" });
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const code = await response.text();
    if (!path.endsWith(".ts")) continue;
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    // What is not stripped would not run; what is not rewritten would not be found.
    expect(code).not.toMatch(/^(?:import|export) type\b|from "(?![./])/m);
  }
});

test("a page of another version is led to the files of this one", async () => {
  const response = await get("/page/0123456789abcdef/app/main.ts");
  expect(response.status).toBe(307);
  expect(response.headers.get("location")).toMatch(/^\/page\/[0-9a-f]{16}\/app\/main\.ts$/);
  expect(response.headers.get("cache-control")).toBe("no-store");
});

test.each([
  "app/../../../package.json",
  "app/%2e%2e/%2e%2e/main.ts",
  "..%2f..%2fpackage.json",
  "app/tsconfig.json",
  "shared/identity.ts",
])("nothing but the page's own files is served: %s", async (path) => {
  const digest = /page\/([0-9a-f]{16})\//.exec(await (await get("/")).text())![1];
  expect((await get(`/page/${digest}/${path}`)).status).toBe(404);
});
