import { LRUCache } from "lru-cache";
import type { Chunk } from "#shared/chunk.ts";
import { languageOf } from "#shared/language.ts";
import { hasAnswerOf, questionKind } from "#shared/question-kind.ts";
import { comparable, tokenize } from "#shared/tokenize.ts";
import type { Candidate } from "../retrieval/retrieve.ts";
import { contentWords, type Passage, passageOf, presence, tellingOf } from "./content-words.ts";
import { coverageOf, type WeighedWord, weighWords } from "./question-words.ts";

/** What can be said of a candidate beside the question, by name. The release says what each is worth. */
export type Reading = Readonly<Record<string, number>>;
type Unread = Pick<Candidate, "chunk" | "document" | "score">;
/** A passage as it was cut once; the same passages answer many questions. */
type Cut = {
  readonly whole: Passage;
  readonly heading: Passage;
  readonly title: Passage;
  readonly leaf: string;
  readonly leafWords: Passage;
  readonly sentences: readonly Passage[];
  readonly pairs: ReadonlySet<string>;
  readonly language: string;
  readonly hasSteps: boolean;
};

const SENTENCE_END = /(?<=[.!?])\s+|(?<=[。！？；])|\n+/;
const MAX_SENTENCES = 40;
const HELD = 0.8;
/** Commands, options, paths, settings and numbered steps. */
const STEPS = /`[^`]+`|(^|\s)--[a-z]|\/v\d|[A-Z]{2,}_[A-Z]|\.\/|^\s*\d+[.)、] /m;
const MAX_CUT = 2_000;

const cuts = new LRUCache<string, Cut>({ max: MAX_CUT });

/** The candidates in their order, beside the question. Empty readings for a question without any word of content. */
export function readCandidates(asked: string, candidates: readonly Unread[]): Reading[] {
  const question = comparable(asked);
  const passages = candidates.map(({ chunk, document }) => cutOf(chunk, document.title));
  const words = weighWords(
    question,
    passages.map(({ whole }) => whole),
  );
  if (words.length === 0) return candidates.map(() => ({}));
  const kind = questionKind(question);
  const language = languageOf(question);
  const terms = tokenize(question);
  const ask = passageOf([question, ...words.flatMap(({ others }) => others)].join(" "));
  const likeness = new Map<string, number>();
  const likenessOf = (heading: string): number => {
    const known = likeness.get(heading) ?? coverageOf(words, passageOf(heading)) * sharedBy(heading, ask);
    likeness.set(heading, known);
    return known;
  };
  const support = passages.map(({ whole }) => coverageOf(words, whole));
  const ofDocument = new Map<string, number>();
  for (const [i, { document }] of candidates.entries()) {
    ofDocument.set(document.documentId, Math.max(ofDocument.get(document.documentId) ?? 0, support[i]!));
  }
  const sizes = candidates.map(({ chunk }) => Math.log(1 + chunk.text.length));
  const meanSize = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;

  return candidates.map(({ chunk, document, score }, i): Reading => {
    const { whole, heading, title, leaf, leafWords, sentences, pairs, ...cut } = passages[i]!;
    const here = words.filter((word) => presence(word, whole) > 0);
    const above = here.map((word) => presence(word, heading) * word.weight);
    const spoken = sentences.map((sentence) => here.map((word) => presence(word, sentence) * word.weight));
    return {
      score,
      support: support[i]!,
      exact: here.reduce((sum, word) => sum + (isHeld({ ...word, others: [] }, whole) ? word.weight : 0), 0),
      leaf: likenessOf(leaf),
      leafCovers: coverageOf(here, leafWords),
      title: coverageOf(here, title),
      titleLike: likenessOf(document.title),
      heading: sumOf(above),
      sentence: Math.max(0, ...spoken.map(sumOf)),
      sentenceUnderHeading: Math.max(
        0,
        ...spoken.map((shares) => sumOf(shares.map((share, w) => Math.max(share, above[w]!)))),
      ),
      missing: heaviest(words.filter((word) => !isHeld(word, whole))),
      missingExact: heaviest(words.filter((word) => !isHeld({ ...word, others: [] }, whole))),
      pairs: adjacent(terms, pairs),
      answers: hasAnswerOf(kind, chunk.text, question) ? 1 : 0,
      procedure: kind === "how-to" && cut.hasSteps ? 1 : 0,
      size: sizes[i]! - meanSize,
      siblings: ofDocument.get(document.documentId)! - support[i]!,
      foreign: cut.language === language ? 0 : 1,
    };
  });
}

/** Keyed by the title too: a document may be renamed without being cut anew. */
function cutOf(chunk: Chunk, title: string): Cut {
  const key = `${chunk.id} ${title}`;
  const known = cuts.get(key);
  if (known) return known;
  const { headingPath, text } = chunk;
  const leaf = headingPath.at(-1) ?? title;
  const terms = tokenize(text);
  const cut = {
    whole: passageOf([title, ...headingPath, text].join("\n")),
    heading: passageOf([title, ...headingPath].join("\n")),
    title: passageOf(title),
    leaf,
    leafWords: passageOf(leaf),
    sentences: text.split(SENTENCE_END).slice(0, MAX_SENTENCES).map(passageOf),
    pairs: new Set(terms.slice(1).map((term, i) => `${terms[i]} ${term}`)),
    language: languageOf(`${title} ${text}`),
    hasSteps: STEPS.test(text),
  };
  cuts.set(key, cut);
  return cut;
}

const isHeld = (word: WeighedWord, passage: Passage): boolean => presence(word, passage) >= HELD;
const heaviest = (words: readonly WeighedWord[]): number => Math.max(0, ...words.map(({ weight }) => weight));
const sumOf = (shares: readonly number[]): number => shares.reduce((sum, share) => sum + share, 0);

/** Share of the question's neighbouring terms that a text has side by side. */
function adjacent(question: readonly string[], pairs: ReadonlySet<string>): number {
  if (question.length < 2) return 0;
  const held = question.slice(1).filter((term, i) => pairs.has(`${question[i]} ${term}`));
  return held.length / (question.length - 1);
}

/** Share of a heading's words that the question has as well: the rest is about something else. */
function sharedBy(heading: string, ask: Passage): number {
  const words = contentWords(heading);
  if (words.length === 0) return 0;
  const total = words.reduce((sum, word) => sum + tellingOf(word), 0);
  return words.reduce((sum, word) => sum + tellingOf(word) * presence(word, ask), 0) / total;
}
