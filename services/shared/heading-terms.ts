import { tellingWords, type WeightedTerm } from "./tokenize.ts";

/** A private-use character, which no word of a text contains. */
const MARK = "\u{e000}";
const MAX_WORDS = 4;
/** What it is worth that a heading is the whole question, beside a word of the question. */
const WEIGHT = 1;

/**
 * A heading as one term: the passages under “Pods” answer “What is a Pod?”, while those that only say the word often
 * do not. `undefined` for headings too long to be a part of a question.
 */
export function headingTerm(heading: string): string | undefined {
  const words = tellingWords(heading);
  return words.length > 0 && words.length <= MAX_WORDS ? termOf(words) : undefined;
}

/** The headings that would be at least half of the question, as a run of its words; each is worth its share of it. */
export function headingsAskedFor(question: string): WeightedTerm[] {
  const words = tellingWords(question);
  const asked = new Map<string, number>();
  for (let size = Math.max(1, Math.ceil(words.length / 2)); size <= MAX_WORDS; size++) {
    for (let at = 0; at + size <= words.length; at++) {
      asked.set(termOf(words.slice(at, at + size)), (WEIGHT * size) / words.length);
    }
  }
  return [...asked].map(([term, weight]) => ({ term, weight }));
}

/** Whatever the order: “Upload a document” and “Document upload” are the same heading. */
function termOf(words: readonly string[]): string {
  return MARK + [...new Set(words)].sort().join("_");
}
