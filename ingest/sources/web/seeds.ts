import { AppError } from "#shared/errors.ts";
import { readSitemap, type Sitemap } from "./sitemap.ts";
import type { Visitor } from "./visit.ts";

/** An index may name 50,000 sitemaps; one that needs more than these is more than one source. */
const MAX_SITEMAPS = 200;

/**
 * The pages that a sitemap names, on its own site, up to one more than `maxPages`. An index is followed one level deep,
 * as its protocol says, and no sitemap is read twice. Rejects with an `AppError` when one cannot be read: pages that are
 * not named now are not gone.
 */
export async function* seedsOf(
  visitor: Visitor,
  start: URL,
  maxPages: number,
  signal?: AbortSignal,
): AsyncGenerator<URL> {
  const read = async (url: URL) => {
    const visit = await visitor.visit(url, () => ({}), signal);
    const sitemap = visit.type === "page" ? readSitemap(visit.answer.bytes, visit.url) : undefined;
    if (sitemap) return sitemap;
    const why = "reason" in visit ? visit.reason : visit.type === "page" ? "It is not a sitemap." : "It is not there.";
    throw new AppError("upstream_failed", `The sitemap ${url.href} could not be read. ${why} Nothing was deleted.`, {
      param: "location",
    });
  };
  const pagesOf = ({ isIndex, urls }: Sitemap): URL[] =>
    isIndex ? [] : urls.filter(({ origin }) => origin === start.origin);
  const first = await read(start);
  const seen = new Set([start.href]);
  let left = maxPages + 1;
  const sitemaps = first.isIndex ? first.urls.slice(0, MAX_SITEMAPS) : [];
  for (const url of pagesOf(first)) if (left-- > 0) yield url;
  for (const url of sitemaps) {
    if (left <= 0) return;
    if (seen.has(url.href) || url.origin !== start.origin) continue;
    seen.add(url.href);
    for (const page of pagesOf(await read(url))) if (left-- > 0) yield page;
  }
}
