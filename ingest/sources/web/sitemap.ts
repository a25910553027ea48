import { gunzipSync } from "node:zlib";
import { linkedUrl } from "./web-url.ts";

/** Of one sitemap, unpacked. Its protocol allows 50 MB: https://www.sitemaps.org/protocol.html */
const MAX_SITEMAP_BYTES = 50 * 1024 * 1024;

/** By the same protocol. One that packs millions into its bytes would fill the memory with them. */
const MAX_URLS = 50_000;

export type Sitemap = { /** Whether the addresses are of sitemaps. */ readonly isIndex: boolean; readonly urls: URL[] };

/** Reads a sitemap or an index of sitemaps, packed or not. `undefined` for what is neither. */
export function readSitemap(bytes: Uint8Array, address: URL): Sitemap | undefined {
  const text = withoutComments(textOf(bytes) ?? "");
  const root = /<(?:[\w-]+:)?(urlset|sitemapindex)[\s>]/.exec(text)?.[1];
  if (root === undefined) return undefined;
  // The protocol's XML is flat: `loc` holds text alone. Those of extensions (image:loc) are no pages.
  const urls: URL[] = [];
  // No part of the pattern goes past the next `<`: one that looked for an end further on would look again at each `loc`.
  for (const [, content] of text.matchAll(/<loc>([^<]*|\s*<!\[CDATA\[[^\]<]*\]\]>\s*)<\/loc>/g)) {
    const url = linkedUrl(plain(content!), address.href);
    if (url) urls.push(url);
    if (urls.length === MAX_URLS) break;
  }
  return { isIndex: root === "sitemapindex", urls };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return new TextDecoder().decode(isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_SITEMAP_BYTES }) : bytes);
  } catch {
    return undefined;
  }
}

/** In one pass: a pattern would look for the end of each comment that never ends. */
function withoutComments(text: string): string {
  let kept = "";
  for (let at = 0; ; ) {
    const start = text.indexOf("<!--", at);
    if (start < 0) return kept + text.slice(at);
    kept += text.slice(at, start);
    const end = text.indexOf("-->", start);
    if (end < 0) return kept;
    at = end + 3;
  }
}

const plain = (text: string): string =>
  text
    .replace(/^\s*<!\[CDATA\[([^\]]*)\]\]>\s*$/, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
