import { pairsThatMayBeSlips } from "./sound-alikes.ts";
import { segmentHan, synonymsOf } from "./synonyms.ts";
import { comparable, MAX_SEARCH_TERMS, searchTerms, type WeightedTerm } from "./tokenize.ts";

/** What the other words of one meaning are worth together, beside the word itself. */
const OTHERS_WEIGHT = 0.8;
const MOST_WEIGHT = 0.2;
/** Each costs a look-up in every proposal. */
const MAX_OTHERS = 40;
const WORD_WEIGHT = 1;
const HAN_RUN = /\p{Script=Han}+/gu;
const HAN = /^\p{Script=Han}/u;

/** The terms of a question, and with less weight the other words that a text may use for them. */
export function meantTerms(question: string): WeightedTerm[] {
  const slips = pairsThatMayBeSlips(question);
  const asked = searchTerms(question)
    .slice(0, MAX_SEARCH_TERMS)
    .map((term) => (slips.has(term.term) ? { ...term, mayBeSlip: true } : term));
  const known = new Set(asked.map(({ term }) => term));
  // Words of the table that the segmenter of the index cuts otherwise.
  const cut = [...comparable(question).matchAll(HAN_RUN)].flatMap(([run]) => segmentHan(run));
  const others = new Map<string, number>();
  for (const word of new Set([...known, ...cut])) {
    const meant = synonymsOf(word).filter((other) => !known.has(other) && isOneTerm(other));
    for (const other of meant) {
      const weight = Math.min(MOST_WEIGHT, OTHERS_WEIGHT / meant.length);
      others.set(other, Math.max(others.get(other) ?? 0, weight));
    }
  }
  const heaviest = [...others].sort((a, b) => b[1] - a[1]).slice(0, MAX_OTHERS);
  return [...asked, ...heaviest.map(([term, weight]) => ({ term, weight, isOther: true }))];
}

/** Longer Chinese words are cut in the index; pairs of characters are always there. */
const isOneTerm = (word: string): boolean => !HAN.test(word) || word.length === 2;

/** The terms with the misspelt ones put right. Two characters that turn out to be a word weigh as one. */
export function mendedTerms(terms: readonly WeightedTerm[], meant: ReadonlyMap<string, string>): WeightedTerm[] {
  return terms.map((term) => {
    const word = meant.get(term.term);
    if (word === undefined) return term;
    return { ...term, term: word, weight: term.mayBeSlip ? WORD_WEIGHT : term.weight };
  });
}
