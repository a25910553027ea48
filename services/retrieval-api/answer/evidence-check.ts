import { meantBy } from "#shared/near-words.ts";
import { tokenize } from "#shared/tokenize.ts";
import type { Candidate } from "../retrieval/retrieve.ts";
import { type ContentWord, contentWords, type Passage, passageOf, presence, tellingOf } from "./content-words.ts";

/** A name in Latin letters within a Chinese question is what the question is about. */
const NAME_WEIGHT = 2;
/** A name that no candidate has is what the documents do not speak of, even if they have the rest. */
const UNKNOWN_NAME_WEIGHT = 2;
/** So is, though less surely, the kind of thing that is asked for: the font in “which font …”. */
const UNKNOWN_KIND_WEIGHT = 1.5;
const KIND = /\b(?:which|what|how (?:many|much))\s+([\p{L}\p{N}]+)/giu;
/** Not at the beginning, where every word has a capital. */
const NAME = /(?<=[^.!?\s]\s+)\p{Lu}[\p{L}\p{N}]+/gu;
/** From here on a passage has the word or one of its meaning, not only a part of it. */
const HELD = 0.8;
/** A word that every candidate has tells little, but something: in a small corpus it may be all there is. */
const COMMON = 0.5;

/** How a candidate reads beside the question, each in [0, 1]. */
export type Reading = {
  /** How much of the question it speaks of. */
  readonly support: number;
  /** How far its heading is the question in other words. */
  readonly heading: number;
};

/**
 * How much of the question the best single passage speaks of, in [0, 1]. Words are weighted by how rare they are among
 * the candidates: a word of the question that no candidate has is what the documents do not speak of, and it weighs
 * most. A score threshold alone separates worse, because scores depend on the length of the question.
 */
export function supportOf(readings: readonly Reading[]): number {
  return Math.max(0, ...readings.map(({ support }) => support));
}

/** The candidates in their order, beside the question. */
export function readCandidates(question: string, candidates: readonly Candidate[]): Reading[] {
  const asked = contentWords(question);
  if (asked.length === 0 || candidates.length === 0) return candidates.map(() => ({ support: 0, heading: 0 }));
  const passages = candidates.map(({ chunk, document }) =>
    passageOf([document.title, ...chunk.headingPath, chunk.text].join("\n")),
  );
  const words = asked.map((word) => spelt(word, passages));
  const held = passages.map((passage) => words.map((word) => presence(word, passage)));
  const chinese = words.some(({ han }) => han);
  const names = new Set(tokenize((question.match(NAME) ?? []).join(" ")));
  const kinds = new Set(tokenize([...question.matchAll(KIND)].map(([, kind]) => kind).join(" ")));
  const weights = words.map((word, i) => {
    const { text, han } = word;
    const found = held.filter((presences) => presences[i]! >= HELD).length;
    const rarity = tellingOf(word) * Math.log(COMMON + (passages.length + 1) / (found + 0.5));
    if (chinese && !han && /\p{L}/u.test(text)) return NAME_WEIGHT * rarity;
    if (found > 0) return rarity;
    return rarity * (names.has(text) ? UNKNOWN_NAME_WEIGHT : kinds.has(text) ? UNKNOWN_KIND_WEIGHT : 1);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const covered = (presences: readonly number[]): number =>
    presences.reduce((sum, share, i) => sum + share * weights[i]!, 0) / total;
  const ask = passageOf([question, ...words.flatMap(({ others }) => others)].join(" "));
  const headings = new Map<string, number>();
  return candidates.map(({ chunk, document }, i) => {
    const leaf = chunk.headingPath.at(-1) ?? document.title;
    if (!headings.has(leaf)) {
      const passage = passageOf(leaf);
      headings.set(leaf, covered(words.map((word) => presence(word, passage))) * sharedBy(leaf, ask));
    }
    return { support: covered(held[i]!), heading: headings.get(leaf)! };
  });
}

/** Share of a heading's words that the question has as well: the rest is about something else. */
function sharedBy(heading: string, ask: Passage): number {
  const words = contentWords(heading);
  if (words.length === 0) return 0;
  const total = words.reduce((sum, word) => sum + tellingOf(word), 0);
  return words.reduce((sum, word) => sum + tellingOf(word) * presence(word, ask), 0) / total;
}

/** A word that no passage holds may be a slip for one that a passage does. */
function spelt(word: ContentWord, passages: readonly Passage[]): ContentWord {
  if (word.han || passages.some((passage) => presence(word, passage) > 0)) return word;
  const meant = meantBy(word.text, new Set(passages.flatMap(({ terms }) => [...terms])));
  return meant === undefined ? word : { ...word, others: [...word.others, meant] };
}
