import type { Sql } from "#shared/database.ts";
import { sha256 } from "#shared/digest.ts";
import { type PageLinks, pageLinks } from "./page-links.ts";
import type { Visit } from "./visit.ts";

/** As far as links are looked for: the process that syncs does nothing else meanwhile. */
const MAX_HTML_BYTES = 4 * 1024 * 1024;

/** What is kept of a page, so that one that has not changed is known with its links. */
export type PageState = {
  readonly url: string;
  readonly uri: string;
  readonly fingerprint: string;
  readonly etag?: string | undefined;
  readonly modified?: string | undefined;
  readonly links: readonly string[];
};
export type Page = PageState & {
  /** The address that the page says it belongs to, where that is another one. */
  readonly elsewhere?: string | undefined;
  readonly noindex?: boolean;
};

/** Of the pages that have a document, by their address. */
export async function knownPages(db: Sql, sourceId: string): Promise<Map<string, PageState>> {
  const rows = await db.all<{ state: string }>("select state from source_page where source_id = $1", [sourceId]);
  return new Map(rows.map(({ state }) => JSON.parse(state) as PageState).map((page) => [page.url, page]));
}

/** What asks for a page only if it has changed. */
export const conditionsOf = (page: PageState | undefined): Record<string, string> => ({
  ...(page?.etag && { "if-none-match": page.etag }),
  ...(page?.modified && { "if-modified-since": page.modified }),
});

/** What an answer says of itself. */
export function readPage({ url, via, answer }: Extract<Visit, { type: "page" }>): Page {
  const { headers, bytes } = answer;
  const isHtml = /^(text\/html|application\/xhtml\+xml)\b/i.test(headers["content-type"] ?? "");
  const tags = [headers["x-robots-tag"] ?? []].flat().join(",");
  const html = isHtml ? new TextDecoder().decode(bytes.subarray(0, MAX_HTML_BYTES)) : "";
  const { links, canonical, noindex }: PageLinks = pageLinks(html, url.href, tags);
  const own = [...via, url.href];
  const isOwn = canonical === undefined || own.includes(canonical) || new URL(canonical).origin !== url.origin;
  return {
    url: url.href,
    uri: canonical !== undefined && own.includes(canonical) ? canonical : url.href,
    fingerprint: `web:${sha256(bytes)}`,
    etag: headers.etag,
    modified: headers["last-modified"],
    links: links.filter((link) => new URL(link).origin === url.origin),
    ...(!isOwn && { elsewhere: canonical }),
    ...(noindex && { noindex }),
  };
}
