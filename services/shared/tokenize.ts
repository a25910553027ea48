import { stem } from "porter2";
import { simplified } from "./simplified.ts";

/** Stored with every generation; texts and questions cut by different versions do not match. */
export const tokenizerVersion = "words-pairs/4";

/** Terms of a text. Its length is the number of its words; the aids help to find it and say nothing about length. */
export type IndexTerms = {
  readonly words: readonly string[];
  /** Parts of identifiers, pairs of Han characters that are no word, and the words that every text has. */
  readonly aids: readonly string[];
};
export type WeightedTerm = {
  readonly term: string;
  readonly weight: number;
  /** Not of the question itself but of the same meaning. */
  readonly isOther?: boolean;
  /** Two characters that are no word: they may stand for one that sounds like them. */
  readonly mayBeSlip?: boolean;
};

/** A question of more terms is a pasted text; the rarest of its first terms decide anyway. */
export const MAX_SEARCH_TERMS = 96;
/** A character that is a word by itself occurs inside many others. */
const SINGLE_WEIGHT = 0.5;
/** A pair of characters that is no word only guards against a wrong cut. */
const PAIR_WEIGHT = 0.3;
const MAX_TOKEN_LENGTH = 64;
const WORD_CACHE_SIZE = 50_000;

const WORD =
  /[\p{Script=Han}&&[\p{L}\p{N}]]+|[[\p{L}\p{N}_]--\p{Script=Han}][[\p{L}\p{M}\p{N}_]--\p{Script=Han}]*(?:[.\-][[\p{L}\p{N}_]--\p{Script=Han}]+)*/gv;
/** The same in a text of ASCII alone. */
const ASCII_WORD = /[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant.
const ASCII = /^[\u0000-\u007F]*$/;
const HAN = /^\p{Script=Han}/u;
const HAN_SINGLE = /^\p{Script=Han}$/u;
/** `PDFs` is the plural of an acronym and no `PD` with an `Fs`. */
const PARTS = /\p{Lu}{2,}s(?![\p{L}\p{M}])|\p{Lu}?[\p{Ll}\p{M}]+|\p{Lu}+(?!\p{Ll})|\p{N}+|\p{Lo}+/gu;
/** The stemmer takes an s only from words with a vowel. */
const PLURAL_ACRONYM = /^(?:\p{Lu}{2,}|[b-df-hj-np-tv-z]{2,}[b-df-hj-np-rtv-z])s$/u;
const STOP_EN = new Set(
  (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to " +
    "was will with what which who whom how when where why do does did can could should would i me my we you your"
  ).split(" "),
);
/** In questions also with two letters that changed places, stemmed as they then are: “waht”. None is another word. */
const SLIPPED_EN = ["the", "what", "when", "where", "wher", "which", "how", "why"].flatMap(swapped);
const ASKING_EN = new Set([...STOP_EN, ...SLIPPED_EN]);
const STOP_ZH = /请问|如何|怎么样?|怎样|什么|哪里|哪些|哪个|哪一|是否|能不能|能否|可不可以|为什么|多少|[吗呢]/g;
const PARTICLE_ZH = /^[的地得了着过是在和与或及有把被对为]$/;

const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
type WordTerms = readonly [whole: string, ...parts: string[]];
const known = new Map<string, WordTerms>();

/** Terms in order: stemmed words, identifiers whole and in parts, Han bigrams and words. */
export function tokenize(text: string): string[] {
  return terms(comparable(text));
}

/**
 * Terms of a text that `comparable` has made plain, Chinese as pairs of characters alone: enough to tell whether a text
 * has a word, without the cutting into words, which takes most of the time.
 */
export function pairTerms(plain: string): string[] {
  return [...plain.matchAll(WORD)].flatMap(([word]) => (HAN.test(word) ? hanPairs(Array.from(word)) : wordTerms(word)));
}

/** The distinct terms of a question, without words that every question has. */
export function queryTerms(text: string): string[] {
  const content = terms(withoutAsking(text)).filter((term) => !ASKING_EN.has(term));
  return [...new Set(content.length > 0 ? content : tokenize(text))];
}

/** What the search index keeps of a text. */
export function indexTerms(text: string): IndexTerms {
  const words: string[] = [];
  const aids: string[] = [];
  for (const run of runsOf(comparable(text))) {
    if (HAN.test(run)) {
      const cut = hanWords(run);
      words.push(...cut);
      aids.push(...pairsAcross(cut));
    } else {
      const [whole, ...parts] = wordTerms(run);
      (STOP_EN.has(whole) ? aids : words).push(whole);
      if (parts.length > 0) aids.push(...parts);
    }
  }
  return { words, aids };
}

/** The distinct terms of a question and what finding each is worth; words that every question has are left out. */
export function searchTerms(question: string): WeightedTerm[] {
  const plain = indexTerms(withoutAsking(question));
  const isContent = (term: string): boolean => !ASKING_EN.has(term);
  const hasContent = [...plain.words, ...plain.aids].some(isContent);
  const { words, aids } = hasContent ? plain : indexTerms(question);
  const weights = new Map<string, number>();
  for (const term of words) weights.set(term, HAN_SINGLE.test(term) ? SINGLE_WEIGHT : 1);
  for (const term of aids) if (!weights.has(term)) weights.set(term, HAN.test(term) ? PAIR_WEIGHT : 1);
  return [...weights].filter(([term]) => !hasContent || isContent(term)).map(([term, weight]) => ({ term, weight }));
}

/** The words of a text in order, without those that every question or heading has. */
export function tellingWords(text: string): string[] {
  return indexTerms(withoutAsking(text)).words.filter((word) => !PARTICLE_ZH.test(word));
}

/** Full-width forms and traditional characters made plain. What is compared by characters has to go through it as well. */
export function comparable(text: string): string {
  return ASCII.test(text) ? text : simplified(text.normalize("NFKC"));
}

/** The word with each two letters that stand side by side changed. */
function swapped(word: string): string[] {
  return Array.from(word.slice(1), (letter, i) => `${word.slice(0, i)}${letter}${word[i]}${word.slice(i + 2)}`);
}

function withoutAsking(question: string): string {
  return comparable(question).replaceAll(STOP_ZH, " ");
}

function terms(text: string): string[] {
  return runsOf(text).flatMap((run) => (HAN.test(run) ? hanTerms(run) : wordTerms(run)));
}

/** Words, and unbroken rows of Han characters. */
const runsOf = (text: string): readonly string[] => text.match(ASCII.test(text) ? ASCII_WORD : WORD) ?? [];

function hanTerms(run: string): string[] {
  const characters = Array.from(run);
  if (characters.length === 1) return characters;
  return [...hanPairs(characters), ...hanWords(run).filter((word) => word.length > 1)];
}

function hanPairs(characters: readonly string[]): string[] {
  return characters.length === 1
    ? [...characters]
    : characters.slice(1).map((character, i) => characters[i] + character);
}

/** Asked word by word, the segmenter is twice as fast as its own iterator. */
function hanWords(run: string): string[] {
  const segments = segmenter.segment(run);
  const words: string[] = [];
  for (let at = 0; at < run.length; at += words.at(-1)!.length) words.push(segments.containing(at)!.segment);
  return words;
}

/** Neighbouring characters, without those that are a word where they stand. */
function pairsAcross(words: readonly string[]): string[] {
  const pairs: string[] = [];
  let before = "";
  for (const word of words) {
    const characters = Array.from(word);
    for (const [i, character] of characters.entries()) {
      const isWord = i === 1 && characters.length === 2;
      if (before !== "" && !isWord) pairs.push(before + character);
      before = character;
    }
  }
  return pairs;
}

function wordTerms(word: string): WordTerms {
  const met = known.get(word);
  if (met) return met;
  if (known.size >= WORD_CACHE_SIZE) known.clear();
  const cut = cutWord(word);
  known.set(word, cut);
  return cut;
}

function cutWord(word: string): WordTerms {
  const whole = capped(stemOf(singular(word)).replaceAll(/[.-]/g, "_"));
  const parts = (word.match(PARTS) ?? []).filter((part) => part.length > 1);
  if (parts.length < 2) return [whole];
  return [whole, ...parts.map((part) => capped(stemOf(singular(part))))];
}

const singular = (word: string): string => (PLURAL_ACRONYM.test(word) ? word.slice(0, -1) : word).toLowerCase();

/** Cut to what the index keeps, never inside a character. */
function capped(term: string): string {
  return term.slice(0, MAX_TOKEN_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}

function stemOf(word: string): string {
  if (!/^[a-z]+$/.test(word) || STOP_EN.has(word)) return word;
  return stem(word);
}
