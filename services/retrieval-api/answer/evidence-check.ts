import type { Candidate } from "../retrieval/retrieve.ts";
import { contentWords, passageOf, presence } from "./content-words.ts";

/** A name in Latin letters within a Chinese question is what the question is about. */
const NAME_WEIGHT = 2;

/**
 * How much of the question the best single passage speaks of, in [0, 1]. Words are weighted by how rare they are among
 * the candidates: a word of the question that no candidate has is what the documents do not speak of, and it weighs
 * most. A score threshold alone separates worse, because scores depend on the length of the question.
 */
export function evidenceSupport(question: string, candidates: readonly Candidate[]): number {
  const words = contentWords(question);
  if (words.length === 0 || candidates.length === 0) return 0;
  const passages = candidates.map(({ chunk, document }) =>
    passageOf([document.title, ...chunk.headingPath, chunk.text].join("\n")),
  );
  const held = passages.map((passage) => words.map((word) => presence(word, passage)));
  const chinese = words.some(({ han }) => han);
  const weights = words.map(({ han }, i) => {
    const found = held.filter((presences) => presences[i] === 1).length;
    const rarity = Math.log(1 + (passages.length + 1) / (found + 0.5));
    return chinese && !han ? NAME_WEIGHT * rarity : rarity;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (
    Math.max(...held.map((presences) => presences.reduce((sum, share, i) => sum + share * weights[i]!, 0))) / total
  );
}
