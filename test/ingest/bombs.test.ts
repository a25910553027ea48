import { deflateRawSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AppError } from "#shared/errors.ts";
import { openParser, type Parser } from "../../ingest/parse/parse-process.ts";

const timeout = 240_000;
const MIB = 1024 * 1024;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const zip = (parts: Record<string, string | Uint8Array>) =>
  zipSync(
    Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, typeof part === "string" ? strToU8(part) : part]),
    ),
  );

const LAUGHS = `<!DOCTYPE x [<!ENTITY a "${"ha".repeat(50)}">${"bcdefghij"
  .split("")
  .map((name, i) => `<!ENTITY ${name} "${`&${"abcdefghi"[i]};`.repeat(10)}">`)
  .join("")}]>`;
const RELS = (...targets: [id: string, type: string, target: string][]) =>
  `<Relationships>${targets.map(([id, type, target]) => `<Relationship Id="${id}" Type="x/${type}" Target="${target}"/>`).join("")}</Relationships>`;
const CONTAINER = '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>';
const PRESENTATION = {
  "ppt/presentation.xml": '<p:presentation><p:sldIdLst><p:sldId r:id="s"/></p:sldIdLst></p:presentation>',
  "ppt/_rels/presentation.xml.rels": RELS(["s", "slide", "s.xml"]),
};

const workbook = (sheet: string, { sheets = 1, strings = "" } = {}) =>
  zip({
    "xl/workbook.xml": `<workbook><sheets>${Array.from({ length: sheets }, (_, i) => `<sheet name="S${i}" r:id="a"/>`).join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": RELS(["a", "worksheet", "s.xml"], ["b", "sharedStrings", "t.xml"]),
    "xl/s.xml": sheet,
    ...(strings && { "xl/t.xml": strings }),
  });
const rows = (count: number, cells: (i: number) => string) =>
  `<worksheet><sheetData>${Array.from({ length: count }, (_, i) => `<row r="${i + 1}">${cells(i)}</row>`).join("")}</sheetData></worksheet>`;

/** One part of zeros whose directory says that it is small. */
function lying(name: string, size: number): Uint8Array {
  const data = deflateRawSync(Buffer.alloc(size, 0x20), { level: 1 });
  const file = Buffer.from(zip({ [name]: "x" }));
  const [local, end] = [file.subarray(0, 30 + name.length), file.subarray(file.length - 22)];
  const central = file.subarray(file.length - 22 - 46 - name.length, file.length - 22);
  for (const [header, at] of [
    [local, 8],
    [central, 10],
  ] as const) {
    header.writeUInt16LE(8, at);
    header.writeUInt32LE(data.length, at + 10);
    header.writeUInt32LE(MIB, at + 14);
  }
  end.writeUInt32LE(local.length + data.length, 16);
  return Buffer.concat([local, data, central, end]);
}

/** The directory says that everything is far larger than it is. */
function boasting(parts: Record<string, string>): Uint8Array {
  const file = Buffer.from(zip(parts));
  for (let at = file.indexOf("PK\x01\x02"); at >= 0; at = file.indexOf("PK\x01\x02", at + 4))
    file.writeUInt32LE(900 * MIB, at + 24);
  return file;
}

function nestedMail(depth: number): string {
  let mail = "From: a@x.example\nSubject: deepest\n\nThe deepest words.";
  for (let i = 0; i < depth; i++)
    mail = `From: a@x.example\nSubject: level ${i}\nContent-Type: message/rfc822\n\n${mail}`;
  return mail;
}
function nestedParts(depth: number): string {
  const head = Array.from({ length: depth }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`);
  return `From: a@x.example\nSubject: parts\n${head.join("")}Content-Type: text/plain\n\nwords`;
}
const pdf = (objects: string) => `%PDF-1.4\n${objects}\ntrailer << /Root 1 0 R >>\n%%EOF`;
/** What a busy machine may say of anything here: the limits hold all the same. */
const OUT_OF_LIMITS = /longer than 20 s|too much memory/;
const line = "words without an end ".repeat((3 * MIB) / 21);

/** What it is, its name, how it is made, and what its sender is told; without words, it is read. */
const BOMBS: readonly (readonly [
  what: string,
  name: string,
  make: () => string | Uint8Array,
  told: RegExp | undefined,
])[] = [
  [
    "a directory that promises gigabytes",
    "a.docx",
    () => boasting({ "word/document.xml": "x" }),
    /unpacks to more data/,
  ],
  ["a directory that promises gigabytes", "a.xlsx", () => boasting({ "xl/workbook.xml": "x" }), /unpacks to more data/],
  [
    "a directory that promises gigabytes",
    "a.pptx",
    () => boasting({ "ppt/presentation.xml": "x" }),
    /unpacks to more data/,
  ],
  [
    "a directory that promises gigabytes",
    "a.epub",
    () => boasting({ "META-INF/container.xml": "x" }),
    /unpacks to more data/,
  ],
  [
    "a part that is larger than it says",
    "a.docx",
    () => lying("word/document.xml", 150 * MIB),
    /damaged|too much memory/,
  ],
  ["a part that is larger than it says", "a.xlsx", () => lying("xl/workbook.xml", 150 * MIB), /damaged/],
  ["a part that is larger than it says", "a.pptx", () => lying("ppt/presentation.xml", 150 * MIB), /damaged/],
  ["a part that is larger than it says", "a.epub", () => lying("META-INF/container.xml", 150 * MIB), /damaged/],
  ["archives in an archive", "a.docx", () => zip({ "b.zip": zip({ "c.zip": zip({ d: "x" }) }) }), /is an archive/],
  [
    "entities that multiply",
    "a.docx",
    () =>
      zip({
        "word/document.xml": `${LAUGHS}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body></w:document>`,
      }),
    /damaged|no text/,
  ],
  [
    "entities that multiply",
    "a.xlsx",
    () => workbook(`${LAUGHS}<worksheet><row><c t="str"><v>&j;</v></c></row></worksheet>`),
    /damaged/,
  ],
  [
    "entities that multiply",
    "a.pptx",
    () => zip({ ...PRESENTATION, "ppt/s.xml": `${LAUGHS}<p:sld><p:sp><a:p><a:t>&j;</a:t></a:p></p:sp></p:sld>` }),
    /damaged/,
  ],
  [
    "entities that multiply",
    "a.epub",
    () => zip({ "META-INF/container.xml": CONTAINER, "a.opf": `${LAUGHS}<package><title>&j;</title></package>` }),
    /damaged/,
  ],
  ["entities that multiply", "a.xml", () => `${LAUGHS}<x>&j;</x>`, undefined],
  ["depth", "a.json", () => "[".repeat(MIB) + "]".repeat(MIB), /nested too deeply/],
  ["depth", "b.json", () => `${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}`, /nested too deeply/],
  ["depth", "a.jsonl", () => `${"[".repeat(500)}1${"]".repeat(500)}`, /nested too deeply/],
  ["depth", "a.html", () => "<div>".repeat(200_000), /nested too deeply|no text/],
  ["depth", "a.xlsx", () => workbook(`<worksheet>${"<a>".repeat(100_000)}`), /nested too deeply/],
  [
    "depth",
    "a.pptx",
    () => zip({ ...PRESENTATION, "ppt/s.xml": `<p:sld>${"<p:grpSp>".repeat(100_000)}` }),
    /nested too deeply/,
  ],
  [
    "depth",
    "a.py",
    () => Array.from({ length: 3_000 }, (_, i) => `${" ".repeat(i)}class A${i}:`).join("\n"),
    undefined,
  ],
  ["one line of megabytes", "a.txt", () => line, undefined],
  ["one line of megabytes", "a.py", () => line, undefined],
  ["one line of megabytes", "a.csv", () => line, /longer than 1 MB/],
  ["one line of megabytes", "a.json", () => JSON.stringify(line), undefined],
  ["one line of megabytes", "a.jsonl", () => JSON.stringify({ line }), undefined],
  ["one line of megabytes", "a.eml", () => `From: a@x.example\nSubject: long\n\n${line}`, undefined],
  ["one line of megabytes", "a.mdx", () => "<A ".repeat(4 * MIB).slice(0, MIB), undefined],
  [
    "thousands of sheets",
    "a.xlsx",
    () =>
      workbook(
        rows(1_000, (i) => `<c><v>${i}</v></c>`),
        { sheets: 9_000 },
      ),
    /more than 200000 rows/,
  ],
  [
    "one long string in every cell",
    "a.xlsx",
    () =>
      workbook(
        rows(100_000, () => '<c t="s"><v>0</v></c>'),
        { strings: `<sst><si><t>${"long ".repeat(6_000)}</t></si></sst>` },
      ),
    /too much text|unpacks to more/,
  ],
  [
    "a header that is repeated without end",
    "a.csv",
    () =>
      `${Array.from({ length: 900 }, (_, i) => `column number ${i} of many`).join(",")}\n${`${"x,".repeat(899)}x\n`.repeat(3_000)}`,
    /too much text/,
  ],
  [
    "merged cells without end",
    "a.xlsx",
    () =>
      workbook(
        `${rows(2_000, (i) => `<c r="A${i + 1}"><v>${i}</v></c>`).replace("</worksheet>", "")}<mergeCells>${'<mergeCell ref="A1:A1048576"/>'.repeat(50_000)}</mergeCells></worksheet>`,
      ),
    undefined,
  ],
  ["messages in messages", "a.eml", () => nestedMail(200), undefined],
  ["parts in parts", "a.eml", () => nestedParts(5_000), /nested too deeply/],
  [
    "headers without end",
    "a.eml",
    () => `From: a@x.example\n${"X-Header: words words words words\n".repeat(100_000)}\nbody`,
    /headers are too long/,
  ],
  [
    "messages without end",
    "a.mbox",
    () => "From a@x.example Mon Mar  2 10:00:00 2026\nSubject: x\n\nx\n\n".repeat(20_001),
    /more than 20000 messages/,
  ],
  [
    "slides without end",
    "a.pptx",
    () =>
      zip({
        "ppt/presentation.xml": `<p:presentation>${'<p:sldId r:id="s"/>'.repeat(2_001)}</p:presentation>`,
        "ppt/_rels/presentation.xml.rels": RELS(["s", "slide", "s.xml"]),
        "ppt/s.xml": "<p:sld/>",
      }),
    /more than 2000 slides/,
  ],
  [
    "pages that hold themselves",
    "a.pdf",
    () =>
      pdf(
        "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj 2 0 obj << /Type /Pages /Count 1000000 /Kids [2 0 R 2 0 R] >> endobj",
      ),
    /more than 2000 pages|damaged|no text/,
  ],
  [
    "a book under lock",
    "a.epub",
    () =>
      zip({
        "META-INF/container.xml": CONTAINER,
        "META-INF/encryption.xml":
          '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>',
        "a.opf": "<package/>",
      }),
    /protected against copying/,
  ],
];

let parser: Parser;
beforeAll(() => {
  parser = openParser({ workers: 1 });
});
afterAll(() => parser.close());

it.each(BOMBS)(
  "%s in %s is read within the limits, or its sender is told why not",
  { timeout },
  async (_, name, make, told) => {
    const made = make();
    const bytes = typeof made === "string" ? bytesOf(made) : made;
    const outcome = await parser.parse({ bytes, name }, AbortSignal.timeout(timeout)).then(
      ({ parsed }) => (parsed.text === "" ? "nothing" : "read"),
      (error: unknown) => error,
    );
    if (outcome instanceof AppError) {
      expect(outcome.code).toMatch(/^(unreadable_document|too_large|unsupported_media_type|needs_ocr)$/);
      expect(outcome.message).toMatch(
        told === undefined ? OUT_OF_LIMITS : new RegExp(`${told.source}|${OUT_OF_LIMITS.source}`),
      );
    } else expect(outcome).toBe(told === undefined ? "read" : "refused");
  },
);
