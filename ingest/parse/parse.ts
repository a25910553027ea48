import { AppError } from "#shared/errors.ts";
import { type Format, MAX_DOCUMENT_BYTES } from "#shared/formats.ts";
import { decodeText } from "./decode-text.ts";
import { detectFormat } from "./detect-format.ts";
import type { ReadInner } from "./parse-email.ts";
import type { Parsed, ParseInput } from "./parsed.ts";
import { openingOf } from "./title.ts";

/** Of messages attached to messages. */
const MAX_DEPTH = 3;

/**
 * A document's bytes to normalised text with structure. Rejects with `too_large`, `unsupported_media_type`,
 * `unreadable_document` or `needs_ocr`. Untrusted input: call it through `openParser`, which bounds time and memory.
 */
export function parse(input: ParseInput): Promise<Parsed> {
  return parseAt(input, 0);
}

/** `depth`: how many messages the document is attached to, one in the other. */
async function parseAt({ bytes, name, mediaType }: ParseInput, depth: number): Promise<Parsed> {
  if (depth > MAX_DEPTH) throw new AppError("unreadable_document", "This attachment is nested too deeply to be read.");
  if (bytes.length > MAX_DOCUMENT_BYTES)
    throw new AppError("too_large", "This document is larger than 50 MB. Split it.");
  if (bytes.length === 0) throw new AppError("unreadable_document", "This document is empty.");
  const readInner: ReadInner = (input) => parseAt(input, depth + 1);
  const parsed = await read(detectFormat(bytes, name, mediaType), bytes, name, readInner);
  if (parsed.text.trim() === "") {
    throw new AppError("unreadable_document", "This document is empty: it holds no text that a reader could see.");
  }
  return parsed.title === "" ? { ...parsed, title: openingOf(parsed.text) } : parsed;
}

async function read(format: Format, bytes: Uint8Array, name: string, readInner: ReadInner): Promise<Parsed> {
  try {
    return await READERS[format](bytes, name, readInner);
  } catch (error) {
    // The stack ran out in a library that recurses: the document chose its depth.
    if (!(error instanceof RangeError)) throw error;
    throw new AppError("unreadable_document", "This document is nested too deeply to be read.", { cause: error });
  }
}

type Reader = (bytes: Uint8Array, name: string, readInner: ReadInner) => Promise<Parsed>;

/** Loaded when first needed: most processes meet two or three formats, and pdf.js alone takes a second to load. */
const READERS: Readonly<Record<Format, Reader>> = {
  markdown: async (bytes, name) => (await import("./parse-markdown.ts")).parseMarkdown(decodeText(bytes), name),
  html: async (bytes, name) => (await import("./parse-html.ts")).parseHtml(decodeText(bytes), name),
  text: async (bytes, name) => (await import("./parse-text.ts")).parseText(decodeText(bytes), name),
  csv: async (bytes, name) => (await import("./parse-csv.ts")).parseCsv(decodeText(bytes), name),
  json: async (bytes, name) => (await import("./parse-json.ts")).parseJson(decodeText(bytes), name),
  jsonl: async (bytes, name) => (await import("./parse-json.ts")).parseJsonLines(decodeText(bytes), name),
  code: async (bytes, name) => (await import("./parse-code.ts")).parseCode(decodeText(bytes), name),
  pdf: async (bytes, name) => (await import("./parse-pdf.ts")).parsePdf(bytes, name),
  docx: async (bytes, name) => (await import("./parse-docx.ts")).parseDocx(bytes, name),
  xlsx: async (bytes, name) => (await import("./parse-xlsx.ts")).parseXlsx(bytes, name),
  pptx: async (bytes, name) => (await import("./parse-pptx.ts")).parsePptx(bytes, name),
  epub: async (bytes, name) => (await import("./parse-epub.ts")).parseEpub(bytes, name),
  email: async (bytes, name, readInner) => (await import("./parse-email.ts")).parseEmail(bytes, name, readInner),
  mbox: async (bytes, name, readInner) => (await import("./parse-email.ts")).parseMbox(bytes, name, readInner),
};
