import { queryTerms, tokenize } from "#shared/tokenize.ts";

/** Words that only say where the answer comes from. */
const MARKER = /\[\d{1,3}\]/g;
const NUMBER = /\p{Nd}+(?:[.,:]\p{Nd}+)*/gu;
/** The number before an item of a list is no statement. */
const LIST_NUMBER = /^\s*\p{Nd}{1,3}[.)、](?=\s)/gmu;

/**
 * Share of the answer's content words (stems; words and pairs of characters in Chinese) that the cited text has:
 * k-precision (Adlakha et al., 2024). Blind to negation, and a copy always scores 1. 0 without cited text.
 */
export function kPrecision(answer: string, cited: string): number {
  const known = new Set(tokenize(cited));
  const terms = queryTerms(answer.replaceAll(MARKER, " "));
  return terms.length === 0 ? 1 : terms.filter((term) => known.has(term)).length / terms.length;
}

/** The same for neighbouring words, sentence by sentence: sees an order that the cited text does not have. */
export function kPrecisionPairs(answer: string, cited: string): number {
  const known = new Set(sentences(cited).flatMap(pairs));
  const wanted = sentences(answer.replaceAll(MARKER, " ")).flatMap(pairs);
  return wanted.length === 0 ? 1 : wanted.filter((pair) => known.has(pair)).length / wanted.length;
}

const sentences = (text: string): string[] => text.split(/(?<=[.!?])\s|[。！？\n]/);

function pairs(text: string): string[] {
  const words = tokenize(text);
  return words.slice(1).map((word, i) => `${words[i]} ${word}`);
}

/** Numbers of a text, without thousands separators: "1,190" and "１１９０" are one. */
export function numbersOf(text: string): string[] {
  const plain = text.replaceAll(MARKER, " ").replaceAll(LIST_NUMBER, " ").normalize("NFKC");
  return (plain.match(NUMBER) ?? []).map((number) => number.replaceAll(/,(?=\d{3})/g, ""));
}

/** Share of the answer's numbers that the cited text has. 1 when it has none. */
export function numbersSupported(answer: string, cited: string): number {
  const known = new Set(numbersOf(cited));
  const given = numbersOf(answer);
  return given.length === 0 ? 1 : given.filter((number) => known.has(number)).length / given.length;
}
