import fc from "fast-check";
import { expect, test } from "vitest";
import { pageLinks } from "../../ingest/sources/web/page-links.ts";
import { readPage } from "../../ingest/sources/web/page-state.ts";
import { readSitemap } from "../../ingest/sources/web/sitemap.ts";
import { webName } from "../../ingest/sources/web/web-name.ts";

const PAGE = "https://example.org/guide/page";

test("links are absolute and stand once; text, comments and scripts hold none", () => {
  const html = `<base href="/other/"><a href=one>1</a><a HREF='one#x'>2</a><area href="//example.net/z">
    <!-- <a href="/comment"> --><script>"<a href='/script'>"</script><textarea><a href="/text"></textarea>
    <a href="mailto:x@y">m</a><a href="javascript:x">j</a><a>none</a><a href="http://[">broken</a>`;
  expect(pageLinks(html, PAGE)).toEqual({
    links: ["https://example.org/other/one", "https://example.net/z"],
    canonical: undefined,
    noindex: false,
  });
});

test("no text is too odd, too deep or too long to be read", () => {
  const tags = fc.array(
    fc.oneof(
      fc.constantFrom("<a href=", "<div>", "<script>", "</script>", "<!--", "-->", "<![CDATA[", '"', ">", "&#x0;"),
      fc.string(),
    ),
  );
  fc.assert(
    fc.property(tags, (parts) => {
      for (const link of pageLinks(parts.join(""), PAGE).links) expect(new URL(link).protocol).toMatch(/^https?:$/);
    }),
  );
  expect(pageLinks(`${"<div>".repeat(200_000)}<a href="/deep">`, PAGE).links).toEqual(["https://example.org/deep"]);
  expect(pageLinks(Array.from({ length: 5000 }, (_, i) => `<a href="/${i}">`).join(""), PAGE).links).toHaveLength(1000);
});

test("a sitemap that is none, broken, or a bomb is not one", () => {
  const read = (text: string) => readSitemap(Buffer.from(text), new URL(PAGE));
  expect(read("<html><loc>https://example.org/</loc></html>")).toBeUndefined();
  expect(readSitemap(new Uint8Array([0x1f, 0x8b, 1, 2, 3]), new URL(PAGE))).toBeUndefined();
  expect(read(`<urlset>${"<!--".repeat(300_000)}</urlset>`)).toMatchObject({ urls: [] });
  expect(
    read(
      "<urlset><url><loc><![CDATA[https://example.org/?a=1&b=2]]></loc></url><url><loc>/x?a&amp;b</loc></url></urlset>",
    )?.urls.map(String),
  ).toEqual(["https://example.org/?a=1&b=2", "https://example.org/x?a&b"]);
  fc.assert(fc.property(fc.string(), (text) => void read(text)));
});

test("a page has the name that its type asks for", () => {
  const name = (url: string, type: string) => webName(new URL(url), type);
  expect(name("https://example.org/", "text/html; charset=utf-8")).toEqual({
    fileName: "example.org.html",
    mediaType: "text/html",
  });
  expect(name("https://example.org/guide/", "text/html")).toEqual({ fileName: "guide.html", mediaType: "text/html" });
  expect(name("https://example.org/a.md", "text/plain")).toEqual({ fileName: "a.md", mediaType: "text/markdown" });
  expect(name("https://example.org/a.pdf", "application/octet-stream")).toEqual({
    fileName: "a.pdf",
    mediaType: "application/pdf",
  });
  expect(name("https://example.org/a.pdf", "text/html")).toEqual({ fileName: "a.pdf.html", mediaType: "text/html" });
  expect(name("https://example.org/a", "image/png")).toBeUndefined();
  expect(name("https://example.org/%2F%2e%2e%2Fpasswd", "text/html")?.fileName).not.toContain("/");
});

test("links are looked for in the first megabytes of a page only", () => {
  const html = `<a href="/first">x</a>${" ".repeat(5 * 1024 * 1024)}<a href="/last">x</a>`;
  const url = new URL("https://site.example/");
  const answer = { status: 200, headers: { "content-type": "text/html" }, bytes: Buffer.from(html) };
  expect(readPage({ type: "page", url, via: [], answer }).links).toEqual(["https://site.example/first"]);
});
