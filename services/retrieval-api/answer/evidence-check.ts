import { meantBy } from "#shared/synonyms.ts";
import type { Candidate } from "../retrieval/retrieve.ts";
import { type ContentWord, contentWords, type Passage, passageOf, presence } from "./content-words.ts";

/** A name in Latin letters within a Chinese question is what the question is about. */
const NAME_WEIGHT = 2;
/** From here on a passage has the word or one of its meaning, not only a part of it. */
const HELD = 0.8;
/** A word that every candidate has tells little, but something: in a small corpus it may be all there is. */
const COMMON = 0.5;

/**
 * How much of the question the best single passage speaks of, in [0, 1]. Words are weighted by how rare they are among
 * the candidates: a word of the question that no candidate has is what the documents do not speak of, and it weighs
 * most. A score threshold alone separates worse, because scores depend on the length of the question.
 */
export function evidenceSupport(question: string, candidates: readonly Candidate[]): number {
  return Math.max(0, ...supportOfEach(question, candidates));
}

/** The same for each candidate, in their order. */
export function supportOfEach(question: string, candidates: readonly Candidate[]): number[] {
  const asked = contentWords(question);
  if (asked.length === 0 || candidates.length === 0) return candidates.map(() => 0);
  const passages = candidates.map(({ chunk, document }) =>
    passageOf([document.title, ...chunk.headingPath, chunk.text].join("\n")),
  );
  const words = asked.map((word) => spelt(word, passages));
  const held = passages.map((passage) => words.map((word) => presence(word, passage)));
  const chinese = words.some(({ han }) => han);
  const weights = words.map(({ han }, i) => {
    const found = held.filter((presences) => presences[i]! >= HELD).length;
    const rarity = Math.log(COMMON + (passages.length + 1) / (found + 0.5));
    return chinese && !han ? NAME_WEIGHT * rarity : rarity;
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return held.map((presences) => presences.reduce((sum, share, i) => sum + share * weights[i]!, 0) / total);
}

/** A word that no passage holds may be a slip for one that a passage does. */
function spelt(word: ContentWord, passages: readonly Passage[]): ContentWord {
  if (word.han || passages.some((passage) => presence(word, passage) > 0)) return word;
  const meant = meantBy(word.text, new Set(passages.flatMap(({ terms }) => [...terms])));
  return meant === undefined ? word : { ...word, others: [...word.others, meant] };
}
