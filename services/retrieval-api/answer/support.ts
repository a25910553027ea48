import { queryTerms, tokenize } from "#shared/tokenize.ts";

/** Share of the sentence's content words that the source must hold. */
const MIN_OVERLAP = 0.6;

/**
 * Whether a source span supports a sentence: enough of its content words (Chinese: bigrams) occur there, and every
 * number does. Blind to negation, as every overlap measure is; a reader still has the quote to compare.
 */
export function isSupported(sentence: string, source: string): boolean {
  const known = numbersOf(source);
  return numbersOf(sentence).every((number) => known.includes(number)) && overlap(sentence, source) >= MIN_OVERLAP;
}

/** Share of the sentence's distinct content terms that the source holds, in [0, 1]. */
export function overlap(sentence: string, source: string): number {
  const wanted = queryTerms(sentence);
  if (wanted.length === 0) return 0;
  const held = new Set(tokenize(source));
  return wanted.filter((term) => held.has(term)).length / wanted.length;
}

function numbersOf(text: string): string[] {
  const found = text.normalize("NFKC").match(/\d+(?:[.,]\d+)*/g) ?? [];
  return found.map((number) => number.replaceAll(",", ""));
}
