import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { deleteDocument } from "../../ingest/documents.ts";
import { openSource } from "../../ingest/sources/sources.ts";
import { type SyncOptions, syncSource } from "../../ingest/sources/sync-source.ts";
import { listWeb } from "../../ingest/sources/web/web.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";
import { webSite } from "../helpers/web-site.ts";

let rig: Rig;
let site: Awaited<ReturnType<typeof webSite>>;
let slept: number[];
const page = (title: string, ...links: string[]): string =>
  `<title>${title}</title><p>${title} words</p>${links.map((link) => `<a href="${link}">x</a>`).join("")}`;

beforeEach(async () => {
  rig = await openRig();
  slept = [];
  site = await webSite({
    "/": page("home", "/a", "b?x=1#part", "/a#top", "https://elsewhere.example/", "mailto:ann@example.org"),
    "/a": page("a", "/", "/deep/c"),
    "/b?x=1": page("b"),
    "/deep/c": page("c"),
    "/lost": page("lost"),
  });
});
afterEach(async () => {
  await rig.close();
  await site.stop();
});

async function sync(web: object = { mode: "crawl" }, path = "/", options: SyncOptions = {}) {
  const location = site.origin + path;
  const source = await openSource(rig.store, {
    ...{ tenant: "local", subject: "admin", collection: "default", kind: "web", location, acl: ["tenant"] },
    settings: { mode: "page", max_pages: 500, max_depth: 5, max_megabytes: 200, max_minutes: 30, ...web },
  });
  let clock = 0;
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    clock += ms;
  };
  const deps = { db: rig.db, origins: [site.origin], now: () => clock, sleep };
  return syncSource(rig.store, source, listWeb(deps, source), options);
}
const live = async (): Promise<string[]> =>
  (await rig.db.all<{ uri: string }>("select uri from document where deleted_at is null order by uri")).map(({ uri }) =>
    uri.replace(site.origin, ""),
  );

test("a crawl takes in the pages of a site that links lead to, each once", async () => {
  expect(await sync()).toMatchObject({ added: 4, skipped: [] });
  expect(await live()).toEqual(["/", "/a", "/b?x=1", "/deep/c"]);
  expect(site.paths()).toEqual(["/", "/a", "/b?x=1", "/deep/c"]);
  expect(
    await rig.db.get(
      "select link, revision from document_version v join document d on d.id = v.document_id where d.uri like '%/a'",
    ),
  ).toMatchObject({ link: `${site.origin}/a` });
});

test("a second crawl asks whether pages changed, and still finds what unchanged ones link to", async () => {
  await sync();
  site.set("/deep/c", page("c, but other", "/new"));
  site.set("/new", page("new"));
  site.paths();
  expect(await sync()).toMatchObject({ added: 1, changed: 1, unchanged: 3, removed: 0 });
  expect(site.asked.filter(({ status }) => status === 304).map(({ path }) => path)).toEqual(["/", "/a", "/b?x=1"]);
  expect(await sync()).toMatchObject({ added: 0, changed: 0, unchanged: 5 });
});

test("a page that is gone, or that nothing links to any more, is deleted", async () => {
  await sync();
  site.set("/deep/c", undefined);
  expect(await sync()).toMatchObject({ removed: 1 });
  site.set("/", page("home", "/a"));
  expect(await sync()).toMatchObject({ changed: 1, removed: 1 });
  expect(await live()).toEqual(["/", "/a"]);
});

test("while a page fails, what it led to is kept, and only what the site calls gone is deleted", async () => {
  await sync();
  site.set("/a", { status: 500 });
  site.set("/b?x=1", { status: 410 });
  const report = await sync();
  expect(report).toMatchObject({
    removed: 1,
    skipped: [{ path: `${site.origin}/a` }],
    cut: expect.stringContaining("could not be read"),
  });
  expect(await live()).toEqual(["/", "/a", "/deep/c"]);
});

test("what lies behind a page that asks for a login now is kept", async () => {
  await sync();
  site.set("/a", { status: 401 });
  expect(await sync()).toMatchObject({ removed: 0, cut: expect.any(String) });
  expect(await live()).toHaveLength(4);
});

test("a site that is down, or whose robots.txt fails, keeps all it has", async () => {
  await sync();
  site.set("/", { status: 503 });
  await expect(sync()).rejects.toMatchObject({ code: "upstream_failed" });
  site.set("/", page("home"));
  site.set("/robots.txt", { status: 500 });
  await expect(sync()).rejects.toMatchObject({ code: "upstream_failed" });
  await site.stop();
  await expect(sync()).rejects.toMatchObject({ code: "upstream_failed" });
  expect(await live()).toHaveLength(4);
  site = await webSite({});
});

test("a site whose pages all vanish at once is held", async () => {
  await sync();
  for (const path of ["/", "/a", "/b?x=1", "/deep/c"]) site.set(path, undefined);
  expect(await sync()).toMatchObject({ removed: 0, held: 4 });
  expect(await sync({ mode: "crawl" }, "/", { allowRemovals: true })).toMatchObject({ removed: 4 });
});

test("a site that says it is busy is left alone at once", async () => {
  site.set("/a", { status: 429, headers: { "retry-after": "60" } });
  expect(await sync()).toMatchObject({ added: 1, cut: expect.any(String) });
  expect(site.paths()).toEqual(["/", "/a"]);
});

test("robots.txt is obeyed, with its pauses", async () => {
  site.set("/robots.txt", { type: "text/plain", body: "User-agent: cairn\nDisallow: /deep\nCrawl-delay: 3" });
  const report = await sync();
  expect(report).toMatchObject({
    added: 3,
    skipped: [{ path: `${site.origin}/deep/c`, reason: expect.stringContaining("robots.txt") }],
  });
  expect(site.paths()).toEqual(["/", "/a", "/b?x=1"]);
  expect(slept).toEqual([200, 3000, 3000]);
  site.set("/robots.txt", { type: "text/plain", body: "User-agent: *\nDisallow: /" });
  await expect(sync()).rejects.toMatchObject({ code: "forbidden", message: expect.stringContaining("robots.txt") });
  expect(await live()).toHaveLength(3);
});

test("noindex leaves a page out and follows it, nofollow the other way round, in the page or its header", async () => {
  site.set("/a", `<meta name="ROBOTS" content="noindex">${page("a", "/deep/c")}`);
  site.set("/deep/c", { body: page("c", "/lost"), headers: { "x-robots-tag": "nofollow" } });
  site.set("/b?x=1", page("b").replace("<p>", '<a rel="nofollow" href="/lost">x</a><p>'));
  expect(await sync()).toMatchObject({ added: 3 });
  expect(await live()).toEqual(["/", "/b?x=1", "/deep/c"]);
});

test("a page is read at its canonical address, and a site that names a wrong one loses nothing else", async () => {
  site.set("/a", `<link rel="canonical" href="/lost">${page("copy of lost", "/deep/c")}`);
  site.set("/deep/c", `<link rel="canonical" href="https://elsewhere.example/c">${page("c")}`);
  site.set("/b?x=1", `<link rel="canonical" href="/missing">${page("b")}`);
  await sync();
  expect(await live()).toEqual(["/", "/deep/c", "/lost"]);
});

test("redirects are followed on the site and not away from it", async () => {
  site.set("/a", { status: 301, headers: { location: "/lost" } });
  site.set("/b?x=1", { status: 302, headers: { location: "https://elsewhere.example/" } });
  expect(await sync()).toMatchObject({ added: 2, skipped: [{ reason: expect.stringContaining("another site") }] });
  expect(await live()).toEqual(["/", "/lost"]);
});

test("limits end a crawl without taking what lies behind them for gone", async () => {
  await sync();
  expect(await sync({ mode: "crawl", max_pages: 2 })).toMatchObject({
    removed: 0,
    cut: expect.stringContaining("max_pages (2)"),
  });
  site.set("/", { body: page("home", "/a") + "x".repeat(2 * 1024 * 1024) });
  expect(await sync({ mode: "crawl", max_megabytes: 1 })).toMatchObject({
    removed: 0,
    cut: expect.stringContaining("max_megabytes"),
  });
  site.set("/robots.txt", { type: "text/plain", body: "User-agent: *\nCrawl-delay: 61" });
  expect(await sync({ mode: "crawl", max_minutes: 1 })).toMatchObject({
    removed: 0,
    cut: expect.stringContaining("max_minutes"),
  });
  expect(await live()).toHaveLength(4);
  expect(Math.max(...slept), "no pause is begun that does not fit").toBeLessThan(61_000);
  site.set("/robots.txt", undefined);
  site.set("/", page("home", "/a"));
  expect(await sync({ mode: "crawl", max_depth: 0 }), "only what is nearer than the depth belongs to it").toMatchObject(
    { removed: 3 },
  );
});

test("a sitemap's pages are taken in, over one index, of the site alone, and a sitemap that names itself ends", async () => {
  const xml = (root: string, ...urls: string[]): string =>
    `<?xml version="1.0"?><!-- <loc>${site.origin}/no</loc> --><${root} xmlns="x">${urls.map((url) => `<x><loc> ${url} </loc></x>`).join("")}</${root}>`;
  site.set("/sitemap.xml", {
    type: "application/xml",
    body: xml(
      "sitemapindex",
      `${site.origin}/sitemap.xml`,
      `${site.origin}/one.xml`,
      "https://elsewhere.example/s.xml",
    ),
  });
  site.set("/one.xml", {
    type: "application/xml",
    body: xml("urlset", `${site.origin}/a`, `${site.origin}/b?x=1`, "https://elsewhere.example/", "javascript:x"),
  });
  expect(await sync({ mode: "sitemap" }, "/sitemap.xml")).toMatchObject({ added: 2, skipped: [] });
  expect(await live()).toEqual(["/a", "/b?x=1"]);
  site.set("/one.xml", { status: 404 });
  await expect(sync({ mode: "sitemap" }, "/sitemap.xml")).rejects.toThrow("Nothing was deleted");
  site.set("/one.xml", { type: "text/html", body: "<p>Sign in</p>" });
  await expect(sync({ mode: "sitemap" }, "/sitemap.xml")).rejects.toThrow("not a sitemap");
  expect(await live()).toHaveLength(2);
});

test("one page is one document, and a dry run asks for it and keeps nothing", async () => {
  expect(await sync({}, "/a", { dryRun: true })).toMatchObject({ added: 1, plan: { added: [`${site.origin}/a`] } });
  expect(await live()).toEqual([]);
  expect(await rig.db.all("select * from source_page")).toEqual([]);
  expect(await sync({}, "/a")).toMatchObject({ added: 1 });
  expect(await live()).toEqual(["/a"]);
});

test("what is no document is told with its reason", async () => {
  site.set("/", page("home", "/logo.png", "/empty", "/notes.md", "/a"));
  site.set("/logo.png", { type: "image/png", body: "x" });
  site.set("/empty", { body: "" });
  site.set("/notes.md", { type: "text/plain", body: "# Notes" });
  const { added, skipped } = await sync();
  expect(skipped.map(({ path }) => path.replace(site.origin, ""))).toEqual(["/logo.png", "/empty"]);
  expect(added).toBe(4);
  expect(
    await rig.db.get(
      "select v.media_type from document_version v join document d on d.id = v.document_id where d.uri like '%notes.md'",
    ),
  ).toEqual({ media_type: "text/markdown" });
});

test("a page that somebody deleted stays so, and a deleted one that was removed and comes back is read again", async () => {
  await sync();
  const row = await rig.db.get<{ id: string }>("select id from document where uri like '%/deep/c'");
  await deleteDocument(rig.store, LOCAL_ADMIN, row!.id);
  expect(await sync()).toMatchObject({ added: 0, unchanged: 4 });
  site.set("/a", page("a"));
  await sync();
  site.set("/", page("home", "/a", "/b?x=1", "/deep/c"));
  await sync();
  expect(await live()).toEqual(["/", "/a", "/b?x=1"]);
});
