import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Answer } from "../../ingest/sources/web/http-get.ts";
import { seedsOf } from "../../ingest/sources/web/seeds.ts";
import { readSitemap } from "../../ingest/sources/web/sitemap.ts";
import { openVisitor } from "../../ingest/sources/web/visit.ts";

const ORIGIN = "https://site.example";
const xml = (root: string, urls: readonly string[]): Uint8Array =>
  Buffer.from(`<${root}>${urls.map((url) => `<x><loc>${url}</loc></x>`).join("")}</${root}>`);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `${ORIGIN}/${i}.xml`);

/** A site whose answers take a while. */
function slowSite(pages: Readonly<Record<string, Uint8Array>>, secondsEach: number, maxMinutes: number) {
  let clock = 0;
  const asked: string[] = [];
  const get = async (url: URL): Promise<Answer> => {
    asked.push(url.pathname);
    clock += secondsEach * 1000;
    const bytes = pages[url.pathname];
    return { status: bytes ? 200 : 404, headers: {}, bytes: bytes ?? new Uint8Array() };
  };
  const sleep = async (ms: number): Promise<void> => {
    clock += ms;
  };
  const visitor = openVisitor({
    http: { get, close: () => {} },
    // Reading what came takes time, too.
    now: () => {
      clock += 300;
      return clock;
    },
    sleep,
    stayAt: ORIGIN,
    endAt: maxMinutes * 60_000,
  });
  return { visitor, asked };
}

test("a sitemap of more addresses than its protocol allows is read as far as that", () => {
  const many = xml("urlset", numbered(60_000));
  for (const bytes of [many, gzipSync(many)])
    expect(readSitemap(bytes, new URL(`${ORIGIN}/s.xml`))?.urls).toHaveLength(50_000);
});

test("sections that never end are no addresses, and take no longer than others", () => {
  const open = "<loc><![CDATA[ ".repeat(200_000);
  const bytes = Buffer.from(`<urlset>${open}<loc><![CDATA[${ORIGIN}/a]]></loc></urlset>`);
  expect(readSitemap(bytes, new URL(`${ORIGIN}/s.xml`))?.urls.map(({ href }) => href)).toEqual([`${ORIGIN}/a`]);
});

test("sitemaps that take longer than a sync may end it with its limit, whatever their index names", async () => {
  const maps = numbered(150);
  const pages = Object.fromEntries(maps.map((url) => [new URL(url).pathname, xml("urlset", [])]));
  const { visitor, asked } = slowSite({ ...pages, "/s.xml": xml("sitemapindex", maps) }, 50, 10);
  await expect(Array.fromAsync(seedsOf(visitor, new URL(`${ORIGIN}/s.xml`), 500))).rejects.toThrow(
    "limit max_minutes is reached",
  );
  expect(asked.length).toBeLessThan(20);
});

test("addresses of other sites do not use up the pages that a sitemap may name", async () => {
  const foreign = Array.from({ length: 20 }, (_, i) => `https://elsewhere.example/${i}`);
  const { visitor } = slowSite({ "/s.xml": xml("urlset", [...foreign, `${ORIGIN}/a`]) }, 0, 10);
  const seeds = await Array.fromAsync(seedsOf(visitor, new URL(`${ORIGIN}/s.xml`), 5));
  expect(seeds.map(({ href }) => href)).toEqual([`${ORIGIN}/a`]);
});
