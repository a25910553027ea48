import { AppError } from "#shared/errors.ts";
import { FORMATS, FORMATS_BY_TYPE, type Format, SUPPORTED } from "#shared/formats.ts";
import { formatOfZip } from "./zip-format.ts";

/** These begin with a signature: a file that is only called so is damaged or something else. */
const SIGNED: ReadonlySet<Format | undefined> = new Set(["pdf", "docx", "pptx", "xlsx", "epub"]);

/** Formats that start with a signature and hold no text that could be read. */
const FOREIGN: readonly (readonly [string, readonly number[]])[] = [
  ["a picture", [0x89, 0x50, 0x4e, 0x47]],
  ["a picture", [0xff, 0xd8, 0xff]],
  ["a picture", [0x47, 0x49, 0x46, 0x38]],
  ["a compressed archive; unpack it and upload the files in it", [0x1f, 0x8b]],
  ["a compressed archive; unpack it and upload the files in it", [0x37, 0x7a, 0xbc, 0xaf]],
  ["a compressed archive; unpack it and upload the files in it", [0x52, 0x61, 0x72, 0x21]],
  ["a program", [0x7f, 0x45, 0x4c, 0x46]],
];
/** The container of the Office formats before 2007, of encrypted ones of today, and of Outlook's messages. */
const COMPOUND = [0xd0, 0xcf, 0x11, 0xe0];
/** Names in its directory, which is anywhere in the file. */
const ENCRYPTED = wide("EncryptedPackage");
const OUTLOOK = wide("__substg1.0_");

/** What the bytes say comes first, then the file's extension, then the declared type. */
export function detectFormat(bytes: Uint8Array, name: string, mediaType: string | undefined): Format {
  const extension = /\.([a-z0-9]{1,12})$/i.exec(name)?.[1]?.toLowerCase();
  const declared = mediaType?.replace(/;.*/s, "").trim().toLowerCase();
  const expected = FORMATS.get(`.${extension}`)?.format ?? byType(declared);
  const actual = bySignature(bytes);
  if (actual) return actual;
  if (begins(bytes, COMPOUND)) throw compound(bytes);
  if (SIGNED.has(expected)) {
    const why = `This file is called ${expected!.toUpperCase()} but is not one, or it is damaged. Upload it again.`;
    throw new AppError("unreadable_document", why);
  }
  const foreign = FOREIGN.find(([, signature]) => begins(bytes, signature));
  if (foreign) {
    const code = expected ? "unreadable_document" : "unsupported_media_type";
    throw new AppError(code, `This file is ${foreign[0]}. ${SUPPORTED}`);
  }
  if (expected) return expected;
  const isUnknown = declared === undefined || declared === "application/octet-stream";
  // A title such as "Version 1.2" has no extension, and text from a form has no type.
  if (isUnknown && (extension === undefined || /^\d+$/.test(extension))) return looksLikeHtml(bytes) ? "html" : "text";
  const what = isUnknown ? `.${extension} files` : (declared ?? "");
  throw new AppError("unsupported_media_type", `This application cannot read ${what}. ${SUPPORTED}`);
}

function byType(declared: string | undefined): Format | undefined {
  return FORMATS_BY_TYPE.get(declared ?? "")?.format ?? (declared?.startsWith("text/") ? "text" : undefined);
}

function bySignature(bytes: Uint8Array): Format | undefined {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 1_024));
  // Readers accept junk before the header; a text that quotes one starts with words.
  if (/^[^\p{L}\p{N}#<]*%PDF-\d/u.test(head)) return "pdf";
  return head.startsWith("PK\u0003\u0004") || head.startsWith("PK\u0005\u0006") ? formatOfZip(bytes) : undefined;
}

function compound(bytes: Uint8Array): AppError {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.includes(ENCRYPTED)) {
    const why = "This Office file is protected by a password. Save it without one and upload it again.";
    return new AppError("unreadable_document", why);
  }
  const what = file.includes(OUTLOOK)
    ? "a message of Outlook (MSG); save it as .eml"
    : "an Office document of an old format; save it as .docx, .xlsx, .pptx or PDF";
  return new AppError("unsupported_media_type", `This file is ${what}. ${SUPPORTED}`);
}

function begins(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/** As compound files write names. */
function wide(name: string): Buffer {
  return Buffer.from(name, "utf16le");
}

function looksLikeHtml(bytes: Uint8Array): boolean {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 1_024));
  return /^\s*(<!--.*?-->\s*)*<(!doctype html|html)\b/is.test(head);
}
