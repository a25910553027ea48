import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parse } from "../../ingest/parse/parse.ts";
import { makeDocx } from "../helpers/make-docx.ts";
import { makePdf } from "../helpers/make-pdf.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const noise = Uint8Array.from({ length: 4_096 }, (_, i) => (i * i * 31 + i * 7 + (i >> 3)) % 256);

describe("The format", () => {
  it("is what the bytes say, before the name and the declared type", async () => {
    const pdf = makePdf([[{ text: "Hello reader", size: 12, top: 700 }]]);
    expect(await parse({ bytes: pdf, name: "wrong.txt" })).toMatchObject({ parser: "pdf/1" });
    const text = bytesOf("# Head");
    expect(await parse({ bytes: text, name: "a.md", mediaType: "text/plain" })).toMatchObject({ parser: "markdown/3" });
    expect(await parse({ bytes: text, name: "Version 1.2", mediaType: "text/markdown; charset=utf-8" })).toMatchObject({
      parser: "markdown/3",
    });
    expect(await parse({ bytes: bytesOf("<!doctype html><p>x"), name: "page" })).toMatchObject({ parser: "html/2" });
    expect(await parse({ bytes: text, name: "note" })).toMatchObject({ parser: "text/1", text: "# Head" });
  });

  it.each([
    ["an empty file", new Uint8Array(), "a.md", "unreadable_document", /is empty/],
    ["white space", bytesOf(" \n\t\n"), "a.txt", "unreadable_document", /is empty/],
    ["only a comment", bytesOf("<!-- x -->"), "a.md", "unreadable_document", /is empty/],
    ["noise called Markdown", noise, "a.md", "unreadable_document", /does not contain text/],
    [
      "a picture called text",
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10),
      "a.txt",
      "unreadable_document",
      /a picture/,
    ],
    ["a picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10), "a.png", "unsupported_media_type", /a picture/],
    ["text called PDF", bytesOf("hello"), "a.pdf", "unreadable_document", /called PDF but is not one/],
    ["an unknown type", bytesOf("{}"), "a.xyz", "unsupported_media_type", /cannot read \.xyz files/],
    ["a zip file", zipSync({ "notes.txt": bytesOf("x") }), "a.docx", "unsupported_media_type", /an archive; unpack it/],
    ["too much", new Uint8Array(50 * 1024 * 1024 + 1), "a.md", "too_large", /50 MB/],
  ])("of %s is refused in words", async (_, bytes, name, code, message) => {
    await expect(parse({ bytes, name })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe("Plain text", () => {
  it("is paragraphs between blank lines", async () => {
    const { text, blocks } = await parse({ bytes: bytesOf("\uFEFFa\r\nb\r\n\r\n\r\nc\fd"), name: "a.txt" });
    expect(text).toBe("a\nb\n\nc\nd");
    expect(blocks).toHaveLength(2);
  });
});

describe("A table file", () => {
  it("says in every line what the values are", async () => {
    const csv = bytesOf('\uFEFFname,limit\n"Pods, all",110\nNodes,\n\n节点,"5\n000"\n');
    expect((await parse({ bytes: csv, name: "a.csv" })).text).toBe(
      "name: Pods, all; limit: 110\nname: Nodes\nname: 节点; limit: 5 000",
    );
  });

  it("may use semicolons or tabs, and need not name its columns", async () => {
    expect((await parse({ bytes: bytesOf("a;b\nx;1,5"), name: "a.csv" })).text).toBe("a: x; b: 1,5");
    expect((await parse({ bytes: bytesOf("a\tb\nx\ty"), name: "a.tsv" })).text).toBe("a: x; b: y");
    expect((await parse({ bytes: bytesOf("1,2\n3,4"), name: "a.csv" })).text).toBe("1 | 2\n3 | 4");
  });

  it("is refused with more rows than a document should have", async () => {
    await expect(parse({ bytes: bytesOf("a,b\n".repeat(200_001)), name: "a.csv" })).rejects.toThrow(/200000 rows/);
  });
});

describe("A PDF", () => {
  const page = (...texts: string[]) => texts.map((text, i) => ({ text, size: 12, top: 700 - i * 14 }));

  it("gives paragraphs with their page, and headings by their size", async () => {
    const first = [{ text: "Big Title", size: 24, top: 780 }, ...page("First line of a para-", "graph goes on.")];
    const pdf = makePdf([first, page("Second page.")]);
    const { title, text, blocks } = await parse({ bytes: pdf, name: "a.pdf" });
    expect(title).toBe("Big Title");
    expect(text).toBe("Big Title\n\nFirst line of a paragraph goes on.\n\nSecond page.");
    expect(blocks.map(({ kind, page }) => [kind, page])).toEqual([
      ["heading", 1],
      ["paragraph", 1],
      ["paragraph", 2],
    ]);
  });

  it("without letters needs text recognition", async () => {
    await expect(parse({ bytes: makePdf([[], []]), name: "scan.pdf" })).rejects.toMatchObject({ code: "needs_ocr" });
  });

  it("that is cut off is refused", async () => {
    const cut = makePdf([page("Hello")]).slice(0, 60);
    await expect(parse({ bytes: cut, name: "a.pdf" })).rejects.toMatchObject({ code: "unreadable_document" });
  });
});

describe("A Word document", () => {
  const docx = makeDocx([
    ["Heading1", "Guide"],
    ["Normal", "Some words &amp; 中文。"],
    ["Heading2", "Part"],
    ["Normal", "More."],
  ]);

  it("keeps headings and paragraphs", async () => {
    const { title, text, blocks } = await parse({ bytes: docx, name: "a.docx" });
    expect(title).toBe("Guide");
    expect(text).toBe("Guide\n\nSome words & 中文。\n\nPart\n\nMore.");
    expect(blocks.at(-1)?.headingPath).toEqual(["Guide", "Part"]);
  });

  it("that is cut off is refused", async () => {
    await expect(parse({ bytes: docx.slice(0, 400), name: "a.docx" })).rejects.toMatchObject({
      code: "unreadable_document",
      message: expect.stringContaining("not completely uploaded"),
    });
  });
});
