import { stem } from "porter2";

/** Stored with every generation; texts and questions cut by different versions do not match. */
export const tokenizerVersion = "words-bigrams/1";

const WORD =
  /\p{Script=Han}+|[[\p{L}\p{N}_]--\p{Script=Han}][[\p{L}\p{M}\p{N}_]--\p{Script=Han}]*(?:[.\-][[\p{L}\p{N}_]--\p{Script=Han}]+)*/gv;
const HAN_RUN = /\p{Script=Han}+/gu;
const BIGRAM_WEIGHT = 0.5;
const HAN = /^\p{Script=Han}/u;
const PARTS = /\p{Lu}?[\p{Ll}\p{M}]+|\p{Lu}+(?!\p{Ll})|\p{N}+|\p{Lo}+/gu;
const MAX_TOKEN_LENGTH = 64;
const STEM_CACHE_SIZE = 50_000;
const STOP_EN = new Set(
  (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to " +
    "was will with what which who whom how when where why do does did can could should would i me my we you your"
  ).split(" "),
);
const STOP_ZH = /请问|如何|怎么样?|怎样|什么|哪里|哪些|哪个|哪一|是否|能不能|能否|可不可以|为什么|多少|[吗呢]/g;

const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
const stems = new Map<string, string>();

/** Index terms in order: stemmed words, identifiers whole and in parts, Han bigrams and words. */
export function tokenize(text: string): string[] {
  return terms(text.normalize("NFKC"));
}

export type WeightedTerm = { readonly term: string; readonly weight: number };

/**
 * The distinct terms of a question, without words that every question has. A bigram that is no word of its own only
 * guards against a wrong cut, and counts less.
 */
export function weightedTerms(text: string): WeightedTerm[] {
  const plain = text.normalize("NFKC").replaceAll(STOP_ZH, " ");
  const words = new Set([...plain.matchAll(HAN_RUN)].flatMap(([run]) => hanWords(run)));
  return queryTerms(text).map((term) => ({ term, weight: HAN.test(term) && !words.has(term) ? BIGRAM_WEIGHT : 1 }));
}

export function queryTerms(text: string): string[] {
  const plain = text.normalize("NFKC").replaceAll(STOP_ZH, " ");
  const content = terms(plain).filter((term) => !STOP_EN.has(term));
  return [...new Set(content.length > 0 ? content : tokenize(text))];
}

function terms(text: string): string[] {
  return [...text.matchAll(WORD)].flatMap(([word]) => (HAN.test(word) ? hanTerms(word) : wordTerms(word)));
}

function hanTerms(run: string): string[] {
  const characters = Array.from(run);
  if (characters.length === 1) return characters;
  const bigrams = characters.slice(1).map((character, i) => characters[i] + character);
  const words = hanWords(run).filter((word) => word.length > 1);
  return [...bigrams, ...words];
}

function hanWords(run: string): string[] {
  return [...segmenter.segment(run)].map(({ segment }) => segment);
}

function wordTerms(word: string): string[] {
  const whole = stemOf(word.toLowerCase()).replaceAll(/[.-]/g, "_");
  const parts = (word.match(PARTS) ?? []).filter((part) => part.length > 1);
  if (parts.length < 2) return [capped(whole)];
  return [whole, ...parts.map((part) => stemOf(part.toLowerCase()))].map(capped);
}

/** Cut to what the index keeps, never inside a character. */
function capped(term: string): string {
  return term.slice(0, MAX_TOKEN_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}

function stemOf(word: string): string {
  if (!/^[a-z]+$/.test(word) || STOP_EN.has(word)) return word;
  const known = stems.get(word);
  if (known !== undefined) return known;
  if (stems.size >= STEM_CACHE_SIZE) stems.clear();
  const stemmed = stem(word);
  stems.set(word, stemmed);
  return stemmed;
}
