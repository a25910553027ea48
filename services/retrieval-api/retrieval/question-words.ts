import { isMendable, meantBy } from "#shared/near-words.ts";
import { tokenize } from "#shared/tokenize.ts";
import { type ContentWord, contentWords, type Passage, presence, tellingOf } from "./content-words.ts";

/** A name in Latin letters within a Chinese question is what the question is about. */
const NAME_WEIGHT = 2;
/** A name that no candidate has is what the documents do not speak of, even if they have the rest. */
const UNKNOWN_NAME_WEIGHT = 2;
/** So is, though less surely, the kind of thing that is asked for: the font in “which font …”. */
const UNKNOWN_KIND_WEIGHT = 1.5;
const KIND = /\b(?:which|what|how (?:many|much))\s+([\p{L}\p{N}]+)/giu;
/** Not at the beginning, where every word has a capital. */
const NAME = /(?<=[^.!?\s]\s+)\p{Lu}[\p{L}\p{N}]+/gu;
const FULL_NAME = new RegExp(`${NAME.source}(?:\\s+\\p{Lu}[\\p{L}\\p{N}]+)*`, "gu");
const NUMBER = /\p{N}+(?:[.,]\p{N}+)*/gu;
/** From here on a passage has the word or one of its meaning, not only a part of it. */
export const HELD = 0.8;
/** A word that every candidate has tells little, but something: in a small corpus it may be all there is. */
const COMMON = 0.5;

export type WeighedWord = ContentWord & {
  /** Share of the question. Those of a question add up to 1. */
  readonly weight: number;
  /** Share of the passages that have it or a word of its meaning. */
  readonly held: number;
};

/**
 * The words that say what a question is about, weighted by how rare they are among the passages: a word that none has
 * is what the documents do not speak of, and it weighs most.
 */
export function weighWords(question: string, passages: readonly Passage[]): WeighedWord[] {
  let vocabulary: ReadonlySet<string> | undefined;
  const words = contentWords(question).map((word) => {
    if (word.han || !isMendable(word.text) || passages.some((passage) => presence(word, passage) > 0)) return word;
    vocabulary ??= new Set(passages.flatMap(({ terms }) => [...terms].filter(isMendable)));
    return spelt(word, vocabulary);
  });
  const chinese = words.some(({ han }) => han);
  const names = new Set(tokenize((question.match(NAME) ?? []).join(" ")));
  const kinds = new Set(tokenize([...question.matchAll(KIND)].map(([, kind]) => kind).join(" ")));
  const weighed = words.map((word) => {
    const { text, han } = word;
    const found = passages.filter((passage) => presence(word, passage) >= HELD).length;
    const rarity = tellingOf(word) * Math.log(COMMON + (passages.length + 1) / (found + 0.5));
    const held = found / Math.max(1, passages.length);
    if (chinese && !han && /\p{L}/u.test(text)) return { ...word, held, weight: NAME_WEIGHT * rarity };
    if (found > 0) return { ...word, held, weight: rarity };
    const unknown = names.has(text) ? UNKNOWN_NAME_WEIGHT : kinds.has(text) ? UNKNOWN_KIND_WEIGHT : 1;
    return { ...word, held, weight: rarity * unknown };
  });
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
  return weighed.map((word) => ({ ...word, weight: word.weight / total }));
}

/** The names and numbers of a question in small letters: a passage on another person or year does not answer it. */
export function namesIn(question: string): string[] {
  const found = [...(question.match(FULL_NAME) ?? []), ...(question.match(NUMBER) ?? [])];
  return [...new Set(found.map((name) => name.toLowerCase()))];
}

/** Share of the question that a text speaks of, in [0, 1]. */
export function coverageOf(words: readonly WeighedWord[], passage: Passage): number {
  return words.reduce((sum, word) => sum + presence(word, passage) * word.weight, 0);
}

/** A word that no passage holds may be a slip for one that a passage does. */
function spelt(word: ContentWord, vocabulary: ReadonlySet<string>): ContentWord {
  const meant = meantBy(word.text, vocabulary);
  return meant === undefined ? word : { ...word, others: [...word.others, meant] };
}
