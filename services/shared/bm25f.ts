import { bm25, normalisedFrequency } from "./bm25.ts";
import { frequencyIn, wordsOf } from "./term-counts.ts";

/** How much of a term's frequency is that of the whole document, beside that of the passage itself. */
export const DOCUMENT_SHARE = 0.6;
/**
 * Passages that do well by themselves are scored with their documents: at least so many, and in both engines as many,
 * since with each more the passages of a few long documents take more of the places.
 */
export const MIN_PROPOSALS = 100;

/** A term of a question: its hash in the counts of texts, and what it is worth among all texts. */
export type Weighed = { readonly term: string; readonly hash: number; readonly idf: number };

/**
 * A passage's score: BM25F over two fields, the passage and its whole document. A passage alone does not show what
 * its document is about. `inDocument` has each term's normalised frequency in the document; `passage` are its counts.
 */
export function bm25f(
  terms: readonly Weighed[],
  inDocument: readonly number[],
  passage: Uint32Array,
  averageWords: number,
): number {
  let score = 0;
  for (const [i, frequency] of inDocument.entries()) {
    if (frequency === 0) continue; // so no passage of it has the term either
    const { hash, idf } = terms[i]!;
    const inPassage = normalisedFrequency(frequencyIn(passage, hash), wordsOf(passage), averageWords);
    score += bm25(idf, DOCUMENT_SHARE * frequency + (1 - DOCUMENT_SHARE) * inPassage);
  }
  return score;
}
