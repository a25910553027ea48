import fc from "fast-check";

/** Any code point but halves of pairs, as fast-check's own unit "binary", which takes a second to be made. */
export const codePoint = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800));
