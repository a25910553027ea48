import { stem } from "porter2";

/** Stored with every generation; texts and questions cut by different versions do not match. */
export const tokenizerVersion = "words-bigrams/1";

const WORD = /\p{Script=Han}+|[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*(?:[.-][\p{L}\p{N}_]+)*/gu;
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
const STOP_ZH =
  /请问|如何|怎么样?|怎样|什么|哪里|哪些|哪个|哪一|是否|能不能|能否|可不可以|为什么|多少|的|了|吗|呢|是|在|和|与|我|你|它/g;

const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
const stems = new Map<string, string>();

/** Index terms in order: stemmed words, identifiers whole and in parts, Han bigrams and words. */
export function tokenize(text: string): string[] {
  return terms(text.normalize("NFKC"));
}

/** The distinct terms of a question, without words that every question has. */
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
  const words = [...segmenter.segment(run)].map(({ segment }) => segment).filter((word) => Array.from(word).length > 2);
  return [...bigrams, ...words];
}

function wordTerms(word: string): string[] {
  const whole = stemOf(word.toLowerCase()).replaceAll(/[.-]/g, "_");
  const parts = word.match(PARTS) ?? [];
  if (parts.length < 2) return [whole.slice(0, MAX_TOKEN_LENGTH)];
  return [whole, ...parts.map((part) => stemOf(part.toLowerCase()))].map((term) => term.slice(0, MAX_TOKEN_LENGTH));
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
