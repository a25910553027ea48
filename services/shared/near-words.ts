import { editDistance } from "./edit-distance.ts";

/** Shorter words are one slip away from too many others; long ones may have two. */
const MIN_LETTERS = 5;
const TWO_SLIPS_FROM = 8;
/** A changed letter makes another word out of a short one: `slack` and `stack`. */
const CHANGED_FROM = 7;

export const isMendable = (word: string): boolean => word.length >= MIN_LETTERS && /^[a-z]+$/.test(word);

/** Whether a misspelt word can have been meant to be this one. */
export const isKnowable = (word: string): boolean => word.length >= MIN_LETTERS - 1 && /^[a-z]+$/.test(word);

/** The word of a vocabulary that a misspelt one was meant to be. */
export function meantBy(word: string, vocabulary: Iterable<string>): string | undefined {
  return nearestWords(word, vocabulary)[0];
}

/** The words of a vocabulary that are one or two slips from a misspelt one, the nearest first. */
export function nearestWords(word: string, vocabulary: Iterable<string>): string[] {
  if (!isMendable(word)) return [];
  const most = word.length >= TWO_SLIPS_FROM ? 2 : 1;
  const near: { readonly known: string; readonly slips: number }[] = [];
  for (const known of vocabulary) {
    if (known[0] !== word[0] || known.length < MIN_LETTERS - 1 || Math.abs(known.length - word.length) > most) continue;
    const slips = editDistance(word, known);
    if (slips > most || slips === 0 || (word.length < CHANGED_FROM && isChanged(word, known))) continue;
    near.push({ known, slips });
  }
  return near.sort((a, b) => a.slips - b.slips || (a.known < b.known ? -1 : 1)).map(({ known }) => known);
}

/** Whether a letter gave way to another, none being dropped, added or swapped. */
function isChanged(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join("") !== [...b].sort().join("");
}
