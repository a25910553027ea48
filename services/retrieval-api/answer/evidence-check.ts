import { queryTerms, tokenize } from "#shared/tokenize.ts";
import type { Candidate } from "../retrieval/retrieve.ts";

/**
 * How much of the question the best single passage speaks of, in [0, 1]. Terms are weighted by how rare they are
 * among the candidates: a word of the question that no candidate has is what the documents do not speak of, and it
 * weighs most. A score threshold alone separates worse, because scores depend on the length of the question.
 */
export function evidenceSupport(question: string, candidates: readonly Candidate[]): number {
  const terms = queryTerms(question);
  if (terms.length === 0 || candidates.length === 0) return 0;
  const passages = candidates.map(({ chunk, document }) => {
    return new Set(tokenize([document.title, ...chunk.headingPath, chunk.text].join("\n")));
  });
  const weights = terms.map((term) => {
    const found = passages.filter((passage) => passage.has(term)).length;
    return Math.log(1 + (passages.length + 1) / (found + 0.5));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const covered = passages.map((passage) =>
    terms.reduce((sum, term, i) => sum + (passage.has(term) ? weights[i]! : 0), 0),
  );
  return Math.max(...covered) / total;
}
