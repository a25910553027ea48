import { AppError } from "#shared/errors.ts";
import { type Format, MAX_DOCUMENT_BYTES } from "#shared/formats.ts";
import { decodeText } from "./decode-text.ts";
import { detectFormat } from "./detect-format.ts";
import type { Parsed, ParseInput } from "./parsed.ts";

/**
 * A document's bytes to normalised text with structure. Rejects with `too_large`, `unsupported_media_type`,
 * `unreadable_document` or `needs_ocr`. Untrusted input: call it through `openParser`, which bounds time and memory.
 */
export async function parse({ bytes, name, mediaType }: ParseInput): Promise<Parsed> {
  if (bytes.length > MAX_DOCUMENT_BYTES)
    throw new AppError("too_large", "This document is larger than 50 MB. Split it.");
  if (bytes.length === 0) throw new AppError("unreadable_document", "This document is empty.");
  const parsed = await read(detectFormat(bytes, name, mediaType), bytes, name);
  if (parsed.text.trim() === "") {
    throw new AppError("unreadable_document", "This document is empty: it holds no text that a reader could see.");
  }
  return parsed;
}

async function read(format: Format, bytes: Uint8Array, name: string): Promise<Parsed> {
  try {
    return await READERS[format](bytes, name);
  } catch (error) {
    // The stack ran out in a library that recurses: the document chose its depth.
    if (!(error instanceof RangeError)) throw error;
    throw new AppError("unreadable_document", "This document is nested too deeply to be read.", { cause: error });
  }
}

/** Loaded when first needed: most processes meet two or three formats, and pdf.js alone takes a second to load. */
const READERS: Readonly<Record<Format, (bytes: Uint8Array, name: string) => Promise<Parsed>>> = {
  markdown: async (bytes, name) => (await import("./parse-markdown.ts")).parseMarkdown(decodeText(bytes), name),
  html: async (bytes, name) => (await import("./parse-html.ts")).parseHtml(decodeText(bytes), name),
  text: async (bytes, name) => (await import("./parse-text.ts")).parseText(decodeText(bytes), name),
  csv: async (bytes, name) => (await import("./parse-csv.ts")).parseCsv(decodeText(bytes), name),
  pdf: async (bytes, name) => (await import("./parse-pdf.ts")).parsePdf(bytes, name),
  docx: async (bytes, name) => (await import("./parse-docx.ts")).parseDocx(bytes, name),
};
