import { codePointIndex, codePointLength } from "#shared/codepoints.ts";
import type { Gold } from "./suite-data.ts";

/** Characters without a look: a normalised text has none of most of them. */
const HIDDEN = /\p{Cf}/gu;

/**
 * Where the gold's quote stands in the normalised text, nearest to where it was noted: offsets move when a page is
 * edited or read by another parser, words do not. Line breaks and spaces are alike. `undefined` when it is gone.
 */
export function anchor(gold: Gold, text: string): Gold | undefined {
  const { quote, start = 0 } = gold;
  if (quote === undefined) return gold;
  const toCodePoint = codePointIndex(text);
  // The pattern forgives more and takes a hundred times as long.
  const exact = [...text.matchAll(new RegExp(literally(quote), "g"))];
  const found = exact.length > 0 ? exact : [...text.matchAll(forgiving(quote))];
  const places = found.map(({ index, 0: words }): Gold => {
    const from = toCodePoint(index);
    return { ...gold, start: from, end: from + codePointLength(words) };
  });
  return places.sort((a, b) => Math.abs(a.start! - start) - Math.abs(b.start! - start))[0];
}

/** The same words, however they are spaced, with or without hidden characters in them. */
function forgiving(quote: string): RegExp {
  const words = quote.replaceAll(HIDDEN, "").trim().split(/\s+/);
  const spelt = words.map((word) => Array.from(word, literally).join("\\p{Cf}*"));
  return new RegExp(spelt.join("\\s+"), "gu");
}

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
