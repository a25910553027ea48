import { queryTerms, tokenize } from "#shared/tokenize.ts";
import { holdsQuantities } from "./quantities.ts";

/** Share of the sentence's content words that the source must hold. */
const MIN_OVERLAP = 0.6;
/** A capitalised word that does not begin a sentence, a line or a quotation. */
const NAME = /(?<=[\p{L}\p{N},;)’'"”%-] +|[\p{L}\p{N}]-)\p{Lu}[\p{L}\p{N}’'-]*/gu;

/**
 * Whether a source span supports a sentence: enough of its content words (Chinese: bigrams) occur there, every number
 * does, and every name does there or in `context`, what stands around it. Blind to negation, as every overlap measure
 * is; a reader still has the quote to compare.
 */
export function isSupported(sentence: string, source: string, context = ""): boolean {
  return (
    overlap(sentence, source) >= MIN_OVERLAP &&
    holdsQuantities(sentence, source) &&
    holdsNames(sentence, `${source}\n${context}`)
  );
}

/** Share of the sentence's distinct content terms that the source holds, in [0, 1]. */
export function overlap(sentence: string, source: string): number {
  const wanted = queryTerms(sentence);
  if (wanted.length === 0) return 0;
  const held = new Set(tokenize(source));
  return wanted.filter((term) => held.has(term)).length / wanted.length;
}

/** A name that nothing around the source has is somebody else's: “the Steelers” for “the Panthers”. */
function holdsNames(sentence: string, text: string): boolean {
  const names = sentence.match(NAME) ?? [];
  if (names.length === 0) return true;
  const held = new Set(tokenize(text));
  return names.every((name) => text.includes(name) || tokenize(name).every((term) => held.has(term)));
}
