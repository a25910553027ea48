import { tokenize } from "#shared/tokenize.ts";
import { questionTerms, type Term, tellingTerms, worthIn } from "./question-terms.ts";

/** Among a few passages rarity is mostly chance, so it counts for less than in a corpus. */
const RARITY_EXPONENT = 0.6;

/** The terms of a question with what finding each is worth among the texts at hand. */
export type Asked = {
  readonly terms: readonly Term[];
  readonly weights: readonly number[];
  /** The weight of the terms that some text has. */
  readonly total: number;
};

/** Weighs the terms of a question by how few of the units have them. `everywhere` are the passages and headings. */
export function weighQuestion(
  question: string,
  units: readonly ReadonlySet<string>[],
  everywhere: readonly ReadonlySet<string>[],
): Asked {
  const terms = questionTerms(question, new Set(everywhere.flatMap((set) => [...set])));
  const weights = terms.map((term) => {
    const found = units.filter((set) => worthIn(term, set) > 0).length;
    return term.share * Math.log(1 + (units.length - found + 0.5) / (found + 0.5)) ** RARITY_EXPONENT;
  });
  const present = terms.map((term) => everywhere.some((set) => worthIn(term, set) > 0));
  return { terms, weights, total: weights.reduce((sum, weight, i) => sum + (present[i] ? weight : 0), 0) };
}

/** Share of the question, by weight, that `worth` finds. */
export function shareOf({ terms, weights, total }: Asked, worth: (term: Term) => number): number {
  return terms.reduce((sum, term, i) => sum + worth(term) * weights[i]!, 0) / total;
}

/** How far a short text is the question in other words: it speaks of all of it, and of little else. */
export function likeness(asked: Asked, text: string): number {
  const telling = tellingTerms(text);
  if (telling.length === 0) return 0;
  const shared = telling.filter((own) => asked.terms.some((term) => worthIn(term, new Set([own])) > 0)).length;
  const tokens = new Set(tokenize(text));
  return (
    Math.min(
      1,
      shareOf(asked, (term) => worthIn(term, tokens)),
    ) *
    (0.2 + (0.8 * shared) / telling.length)
  );
}
