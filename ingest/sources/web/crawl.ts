import { AppError } from "#shared/errors.ts";
import type { Found, Item } from "../listing.ts";
import { conditionsOf, type Page, type PageState, readPage } from "./page-state.ts";
import type { Visit, Visitor } from "./visit.ts";
import { webName } from "./web-name.ts";
import type { WebSettings } from "./web-settings.ts";

/** A site that fails so often in a row is down. */
const MAX_FAILURES = 5;
const MB = 1024 * 1024;

type Place = { readonly url: URL; readonly depth: number };

export type Crawl = {
  readonly visitor: Visitor;
  readonly known: ReadonlyMap<string, PageState>;
  readonly settings: WebSettings;
  readonly start: URL;
  readonly now: () => number;
  /** When its time is over. */
  readonly endAt: number;
};

/**
 * Reads pages breadth first, each once, as far as the limits let it. Rejects with an `AppError` when the first one
 * cannot be read; a later one that cannot leaves the listing cut, so that nothing behind it is taken for gone.
 */
export async function* crawl(site: Crawl, seeds: AsyncIterable<URL>, signal?: AbortSignal): AsyncGenerator<Found> {
  const { settings, known, start } = site;
  const queue: Place[] = [];
  const asked = new Set<string>();
  const taken = new Set<string>();
  let [bytes, visits, failures] = [0, 0, 0];
  const ask = (url: URL, depth: number): void => {
    if (url.origin !== start.origin || asked.has(url.href)) return;
    asked.add(url.href);
    queue.push({ url, depth });
  };
  for await (const seed of seeds) ask(seed, 0);

  for (let place = queue.shift(); place; place = queue.shift()) {
    const limit =
      visits >= settings.max_pages
        ? `max_pages (${settings.max_pages})`
        : bytes >= settings.max_megabytes * MB
          ? `max_megabytes (${settings.max_megabytes})`
          : site.now() >= site.endAt
            ? `max_minutes (${settings.max_minutes})`
            : undefined;
    if (limit)
      return void (yield {
        type: "listing-cut",
        reason: `Its limit ${limit} is reached. What is behind was not read.`,
      });
    visits += 1;
    const { url, depth } = place;
    const visit = await site.visitor.visit(url, (hop) => conditionsOf(known.get(hop.href)), signal);
    if (visit.type === "page" || visit.type === "not-modified") {
      failures = 0;
      bytes += visit.type === "page" ? visit.answer.bytes.byteLength : 0;
      const page: Page | undefined = visit.type === "page" ? readPage(visit) : known.get(visit.url.href);
      if (!page) continue;
      if (settings.mode === "crawl" && depth < settings.max_depth) {
        for (const link of page.links) ask(new URL(link), depth + 1);
      }
      if (page.elsewhere !== undefined && settings.mode !== "page") {
        ask(new URL(page.elsewhere), depth);
        continue;
      }
      const found = foundOf(site, visit, page);
      if (!found || (found.type === "item-found" && taken.has(found.item.uri))) continue;
      if (found.type === "item-found") taken.add(found.item.uri);
      yield found;
      continue;
    }
    if (visit.type === "gone") {
      const uri = known.get(url.href)?.uri;
      if (uri !== undefined) yield { type: "item-gone", uri };
      continue;
    }
    if (url.href === start.href && settings.mode !== "sitemap") throw unread(url, visit);
    yield { type: "item-skipped", path: url.href, uri: url.href, reason: visit.reason };
    // What a page led to that was read before is not gone because the page may not be read now.
    if (visit.type === "refused" && !known.has(url.href)) continue;
    const isBusy = visit.type === "failed" && visit.isBusy;
    const reason = isBusy ? visit.reason : "Some pages could not be read, and what they link to is not known.";
    yield { type: "listing-cut", reason };
    if (visit.type === "refused") continue;
    failures += 1;
    if (isBusy || failures === MAX_FAILURES) return;
  }
}

const unread = (url: URL, { type, reason }: Extract<Visit, { reason: string }>): AppError =>
  new AppError(
    type === "failed" ? "upstream_failed" : "forbidden",
    `${url.href} could not be read. ${reason} Nothing was deleted.`,
    {
      param: "location",
    },
  );

function foundOf(site: Crawl, visit: Extract<Visit, { url: URL }>, page: Page): Found | undefined {
  const { visitor, known } = site;
  const { uri, fingerprint } = page;
  const skip = (reason: string): Found => ({ type: "item-skipped", path: uri, uri, reason });
  // One that was taken in once and asks this now is gone.
  if (page.noindex) return known.has(page.url) ? undefined : skip("The page asks not to be indexed.");
  const type = visit.type === "page" ? (visit.answer.headers["content-type"] ?? "") : "text/html";
  const name = webName(visit.url, type);
  if (!name) return skip("Its content type is none that can be read.");
  const bytes = visit.type === "page" ? visit.answer.bytes : undefined;
  if (bytes?.byteLength === 0) return skip("The page is empty.");
  const state = bytes && JSON.stringify(page);
  const before = known.get(page.url);
  const item: Item = {
    uri,
    path: uri,
    fingerprint,
    bytes: bytes?.byteLength ?? 0,
    ...name,
    origin: { link: visit.url.href, revision: page.etag },
    page: before && state === JSON.stringify(before) ? undefined : state,
    read: async (signal) => bytes ?? (await readAgain(visitor, visit.url, signal)),
  };
  return { type: "item-found", item };
}

/** A page that has not changed, but whose document is not here any more. */
async function readAgain(visitor: Visitor, url: URL, signal?: AbortSignal): Promise<Uint8Array> {
  const again = await visitor.visit(url, () => ({}), signal);
  if (again.type === "page") return again.answer.bytes;
  throw new AppError("upstream_failed", "The page could not be read again.");
}
