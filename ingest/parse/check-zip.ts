import { AppError } from "#shared/errors.ts";

const MAX_ENTRIES = 10_000;
const MAX_UNCOMPRESSED_BYTES = 100 * 1024 * 1024;
const MAX_RATIO = 100;
/** XML of blank pages compresses better than 100:1 without being an attack. */
const RATIO_FREE_BYTES = 5 * 1024 * 1024;

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const MAX_COMMENT_BYTES = 65_535;
const ENCRYPTED = 1;

/** Names of the entries. Judges the sizes in the central directory before anything is inflated: 1 MB may become 1 GB. */
export function checkZip(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end < 0) throw damaged();
  const count = view.getUint16(end + 10, true);
  // There is one count for this volume and one for all: programs differ in which they believe.
  if (count !== view.getUint16(end + 8, true)) throw damaged();
  if (count > MAX_ENTRIES) throw new AppError("too_large", "This file holds more than 10,000 parts.");
  const names: string[] = [];
  let total = 0;
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_BYTES > end || view.getUint32(at, true) !== ENTRY_SIGNATURE) throw damaged();
    if (view.getUint16(at + 8, true) & ENCRYPTED) throw encrypted();
    total += view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    names.push(new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength)));
    at += ENTRY_BYTES + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  const isBomb = total > RATIO_FREE_BYTES && total > bytes.length * MAX_RATIO;
  // Sizes that need zip64 show as 4 GB here and are refused with the others.
  if (total > MAX_UNCOMPRESSED_BYTES || isBomb) {
    throw new AppError("too_large", "This file unpacks to more data than a document should hold. Split it.");
  }
  return names;
}

function findEnd(view: DataView): number {
  const lowest = Math.max(0, view.byteLength - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = view.byteLength - END_BYTES; at >= lowest; at--) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  return -1;
}

function damaged(): AppError {
  return new AppError("unreadable_document", "This file is damaged or was not completely uploaded. Upload it again.");
}

function encrypted(): AppError {
  return new AppError("unreadable_document", "This file is protected by a password. Save it without one.");
}
