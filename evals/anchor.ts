import { codePointIndex, codePointLength } from "#shared/codepoints.ts";
import type { Gold } from "./suite-data.ts";

/**
 * Where the gold's quote stands in the normalised text, nearest to where it was noted: offsets move when a page is
 * edited or read by another parser, words do not. Line breaks and spaces are alike. `undefined` when it is gone.
 */
export function anchor(gold: Gold, text: string): Gold | undefined {
  const { quote, start } = gold;
  if (quote === undefined) return gold;
  const toCodePoint = codePointIndex(text);
  const pattern = new RegExp(quote.trim().split(/\s+/).map(literally).join("\\s+"), "g");
  let best: Gold | undefined;
  for (const { index, 0: found } of text.matchAll(pattern)) {
    const from = toCodePoint(index);
    if (best && Math.abs(best.start! - (start ?? 0)) <= Math.abs(from - (start ?? 0))) continue;
    best = { ...gold, start: from, end: from + codePointLength(found) };
  }
  return best;
}

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
