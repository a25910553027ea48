import { strToU8, unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { parse } from "../../ingest/parse/parse.ts";
import type { Parsed } from "../../ingest/parse/parsed.ts";
import { makeDocx } from "../helpers/make-docx.ts";

const textsOf = ({ text, blocks }: Parsed): string[] => blocks.map(({ start, end }) => text.slice(start, end));
const W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

test("a table that says its own separator is read by it, and the saying is no row of the text", async () => {
  const source = '\ufeffsep=|\r\nid|text, long\r\n1|"line one\r\nline two"\r\n2|last\r\n';
  const parsed = await parse({ bytes: strToU8(source), name: "a.csv" });
  expect(parsed.text).toBe("id: 1; text, long: line one line two\nid: 2; text, long: last");
  // As a spreadsheet counts them.
  expect(parsed.blocks[0]!.place).toEqual({ unit: "row", number: 3 });
});

test("a page that a book names twice in its order is read once", async () => {
  const bytes = zipSync({
    mimetype: strToU8("application/epub+zip"),
    "META-INF/container.xml": strToU8('<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'),
    "b.opf": strToU8(
      `<package><manifest><item id="a" href="a%20b.xhtml" media-type="application/xhtml+xml"/><item id="c" href="c.xhtml"
        media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/><itemref idref="gone"/><itemref idref="c"/>
        <itemref idref="a" linear="no"/></spine></package>`,
    ),
    "a b.xhtml": strToU8("<html><body><h1>One</h1><p>The kiln cools.</p></body></html>"),
    "c.xhtml": strToU8("<html><body><h1>Two</h1><p>The wheel turns.</p></body></html>"),
  });
  expect(textsOf(await parse({ bytes, name: "odd.epub" }))).toEqual([
    "One",
    "The kiln cools.",
    "Two",
    "The wheel turns.",
  ]);
});

test("a footnote of a Word document is its words, without the arrow back", async () => {
  const files = unzipSync(makeDocx([["Normal", "Lights are on."]]));
  const reference = '<w:r><w:footnoteReference w:id="2"/></w:r></w:p></w:body>';
  files["word/document.xml"] = strToU8(
    new TextDecoder().decode(files["word/document.xml"]).replace("</w:p></w:body>", reference),
  );
  files["word/footnotes.xml"] = strToU8(
    `<w:footnotes xmlns:w="${W}"><w:footnote w:id="2"><w:p><w:r><w:t>Except in fog ↑ now.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
  );
  const type = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes";
  files["word/_rels/document.xml.rels"] = strToU8(
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="f" Type="${type}" Target="footnotes.xml"/></Relationships>`,
  );
  expect(textsOf(await parse({ bytes: zipSync(files), name: "a.docx" }))).toEqual([
    "Lights are on.[1]",
    "1. Except in fog ↑ now.",
  ]);
});
