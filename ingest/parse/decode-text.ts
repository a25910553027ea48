import { analyse } from "chardet";
import { AppError } from "#shared/errors.ts";
import { COMMON_HAN } from "./common-han.ts";
import { MAX_TEXT_LENGTH, tooMuchText } from "./outline.ts";

/** Enough to tell encodings apart; the whole text is decoded once. */
const SAMPLE_BYTES = 65_536;
const MAX_CONTROL_SHARE = 0.01;
const MAX_BROKEN_SHARE = 0.02;
/** Below this the text is in none of the encodings that `score` knows well. */
const CONVINCING_POINTS = 1;

const LEGACY = ["gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"] as const;
const WIDE = ["utf-16le", "utf-16be"] as const;

/**
 * Bytes to text: byte order mark, then UTF-8, then whichever East Asian encoding or UTF-16 gives the most ordinary text,
 * then a statistical guess. Rejects bytes that are text in no encoding.
 */
export function decodeText(bytes: Uint8Array): string {
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
  // Here, before any format multiplies it.
  if (text.length > MAX_TEXT_LENGTH) throw tooMuchText();
  if (looksBinary(text)) throw notText();
  return text;
}

function encodingOf(bytes: Uint8Array): string {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe && !(c === 0 && d === 0)) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  const nulls = nullShares(bytes);
  if (nulls.odd > 0.2 && nulls.even < 0.05) return "utf-16le";
  if (nulls.even > 0.2 && nulls.odd < 0.05) return "utf-16be";
  if (isUtf8(bytes)) return "utf-8";
  const sample = bytes.subarray(0, SAMPLE_BYTES - (SAMPLE_BYTES % 2));
  // Real text of one byte a character has hardly any control bytes, compressed data has 10 %.
  const isBytes = controlShare(new TextDecoder("latin1").decode(sample)) <= MAX_CONTROL_SHARE;
  const candidates = isBytes ? [...LEGACY, ...WIDE] : WIDE;
  const ranked = candidates
    .filter((label) => bytes.length % 2 === 0 || !label.startsWith("utf-16"))
    .map((label) => ({ label, points: score(new TextDecoder(label).decode(sample)) }));
  const best = ranked.reduce((top, next) => (next.points > top.points ? next : top), { label: "", points: 0 });
  if (best.points >= CONVINCING_POINTS) return best.label;
  if (!isBytes) throw notText();
  return guess(sample);
}

/** A few damaged characters do not make a UTF-8 text another one. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    const text = new TextDecoder("utf-8").decode(bytes.subarray(0, SAMPLE_BYTES));
    const foreign = text.match(/[^\p{ASCII}]/gu) ?? [];
    return foreign.filter((char) => char === "\uFFFD").length < foreign.length * MAX_BROKEN_SHARE;
  }
}

function nullShares(bytes: Uint8Array): { even: number; odd: number } {
  const length = Math.min(bytes.length, SAMPLE_BYTES);
  const counts = [0, 0];
  for (let i = 0; i < length; i++) if (bytes[i] === 0) counts[i % 2]! += 1;
  return { even: counts[0]! / (length / 2 || 1), odd: counts[1]! / (length / 2 || 1) };
}

/** How ordinary the characters outside ASCII are, on average: from -3 (nonsense) to 3 (everyday Chinese or Japanese). */
function score(text: string): number {
  let points = 0;
  let count = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code < 0x80 && (code >= 0x20 || code === 0x0a || code === 0x0d || code === 0x09)) continue;
    count += 1;
    points += pointsOf(char, code);
  }
  return count === 0 ? 0 : points / count;
}

function pointsOf(char: string, code: number): number {
  if (COMMON_HAN.has(char)) return 3;
  if (code >= 0x3040 && code < 0x3100) return 2.2;
  if ((code >= 0x3000 && code < 0x3012) || (code >= 0xff01 && code < 0xff5f)) return 2;
  if (code >= 0x4e00 && code < 0xa000) return 0.6;
  if (code >= 0xac00 && code < 0xd7a4) return 1.2;
  // Half-width kana is what other encodings look like when read as Shift_JIS.
  if (code >= 0xff61 && code < 0xffa0) return -1;
  return code >= 0x2010 && code < 0x2027 ? 1 : -3;
}

function guess(sample: Uint8Array): string {
  for (const { name } of analyse(sample)) {
    const label = name.toLowerCase();
    if (label.startsWith("utf-") || label.startsWith("iso-2022")) continue;
    try {
      return new TextDecoder(label === "iso-8859-1" ? "windows-1252" : label).encoding;
    } catch {
      // A name that the platform has no decoder for: the next guess.
    }
  }
  return "windows-1252";
}

function looksBinary(text: string): boolean {
  if (controlShare(text) > MAX_CONTROL_SHARE) return true;
  return (text.match(/\uFFFD/g)?.length ?? 0) > text.length * MAX_BROKEN_SHARE;
}

function controlShare(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: text that is full of them is no text.
  const controls = text.match(/[\u0000-\u0008\u000E-\u001A\u001C-\u001F\u007F]/g)?.length ?? 0;
  return controls / (text.length || 1);
}

function notText(): AppError {
  return new AppError("unreadable_document", "This file does not contain text: it is binary data or damaged.");
}
