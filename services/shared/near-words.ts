import { editDistance } from "./edit-distance.ts";

/** Shorter words are one slip away from too many others. */
const MIN_LETTERS = 3;
/** Below, two letters may have changed places, and nothing else; long words may have two slips. */
const ANY_SLIP_FROM = 5;
const TWO_SLIPS_FROM = 8;
const LETTERS = 26;
const LETTER_A = "a".charCodeAt(0);
/** A changed letter makes another word out of a short one: `slack` and `stack`. */
const CHANGED_FROM = 7;

/** Whether slips in a word can be told, so that it may be one, or what another was meant to be. */
export const isMendable = (word: string): boolean => word.length >= MIN_LETTERS && /^[a-z]+$/.test(word);

/** The word of a vocabulary that a misspelt one was meant to be. */
export function meantBy(word: string, vocabulary: Iterable<string>): string | undefined {
  return nearestWords(word, vocabulary)[0];
}

const slipsIn = (word: string): number => (word.length >= TWO_SLIPS_FROM ? 2 : 1);
const lettersNear = (word: string): number => (word.length >= ANY_SLIP_FROM ? slipsIn(word) : 0);

/** The least and the most letters of the words that a misspelt one can have been meant to be. */
export const lengthsNear = (word: string): [number, number] => [
  word.length - lettersNear(word),
  word.length + lettersNear(word),
];

/** How many letters a word of another length may have, or lack, where it is one that a misspelt one was meant to be. */
export function lettersMoved(word: string, length: number): number {
  if (word.length < CHANGED_FROM) return Math.abs(word.length - length);
  // A letter for another one takes one and gives one.
  return 2 * slipsIn(word);
}

/** The words of a vocabulary that are one or two slips from a misspelt one, the nearest first. */
export function nearestWords(word: string, vocabulary: Iterable<string>): string[] {
  if (!isMendable(word)) return [];
  const most = slipsIn(word);
  const [shortest, longest] = lengthsNear(word);
  const counts = new Int8Array(LETTERS);
  for (const letter of word) counts[letter.charCodeAt(0) - LETTER_A]! += 1;
  const near: { readonly known: string; readonly slips: number }[] = [];
  for (const known of vocabulary) {
    if (known[0] !== word[0] || known.length < shortest || known.length > longest) continue;
    if (leastSlips(counts, word, known) > most) continue;
    const slips = editDistance(word, known);
    if (slips > most || slips === 0 || (word.length < CHANGED_FROM && isChanged(word, known))) continue;
    near.push({ known, slips });
  }
  return near.sort((a, b) => a.slips - b.slips || (a.known < b.known ? -1 : 1)).map(({ known }) => known);
}

/** `counts`: of each letter of a word. At least so many slips lie between it and another one, and they are soon counted. */
function leastSlips(counts: Int8Array, word: string, known: string): number {
  const left = Int8Array.from(counts);
  let added = 0;
  for (let i = 0; i < known.length; i++) {
    const letter = known.charCodeAt(i) - LETTER_A;
    if (left[letter]! > 0) left[letter]! -= 1;
    else added += 1;
  }
  return Math.max(added, word.length - known.length + added);
}

/** Whether a letter gave way to another, none being dropped, added or swapped. */
function isChanged(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join("") !== [...b].sort().join("");
}
