import { LRUCache } from "lru-cache";
import { languageOf } from "#shared/language.ts";
import { comparable, pairTerms } from "#shared/tokenize.ts";
import { type ContentWord, contentWords, type Passage, passageOf } from "./content-words.ts";
import type { Candidate } from "./retrieve.ts";

export type Heading = { readonly name: string; readonly passage: Passage; readonly words: readonly ContentWord[] };

/** A passage as it was cut once; the same passages answer many questions. */
export type Cut = {
  readonly whole: Passage;
  /** Title and headings. */
  readonly heading: Passage;
  readonly title: Heading;
  readonly leaf: Heading;
  /** Where the text begins to speak of its subject. */
  readonly lead: Passage;
  /** The words of its address, such as the names of folder and file. */
  readonly path: Passage;
  readonly sentences: readonly Passage[];
  /** The terms of the text in order, sentence by sentence. */
  readonly terms: readonly (readonly string[])[];
  readonly language: string;
  readonly hasSteps: boolean;
};

const SENTENCE_END = /(?<=[.!?])\s+|(?<=[。！？；])|\n+/;
const MAX_SENTENCES = 40;
/** Characters. A Chinese one says as much as two or three Latin ones. */
const LEAD = { en: 200, zh: 80 };
/** Commands, options, paths, settings and numbered steps. */
const STEPS = /`[^`]+`|(^|\s)--[a-z]|\/v\d|[A-Z]{2,}_[A-Z]|\.\/|^\s*\d+[.)、] /m;
const SCHEME_AND_HOST = /^[a-z][a-z+]*:(?:\/\/[^/]*)?/i;
const MAX_CUT = 2_000;

const cuts = new LRUCache<string, Cut>({ max: MAX_CUT });
const headings = new LRUCache<string, Heading>({ max: MAX_CUT });

/** Kept by content: the id of a chunk says nothing of the title, which may change, nor in which index it stands. */
export function cutPassage({ chunk, document }: Pick<Candidate, "chunk" | "document">): Cut {
  const key = [document.uri, document.title, ...chunk.headingPath, chunk.text].join("\n");
  const known = cuts.get(key);
  if (known) return known;
  const text = comparable(chunk.text);
  const heading = headingOf([document.title, ...chunk.headingPath].join("\n")).passage;
  const parts = text.split(SENTENCE_END);
  const terms = [...parts.slice(0, MAX_SENTENCES), parts.slice(MAX_SENTENCES).join("\n")].map(pairTerms);
  const language = languageOf(`${document.title} ${text}`);
  const cut: Cut = {
    whole: { text: `${heading.text}\n${text.toLowerCase()}`, terms: new Set([...heading.terms, ...terms.flat()]) },
    heading,
    title: headingOf(document.title),
    leaf: headingOf(chunk.headingPath.at(-1) ?? document.title),
    lead: passageOf(text.slice(0, LEAD[language])),
    path: passageOf(wordsOfPath(document.uri)),
    sentences: parts.slice(0, MAX_SENTENCES).map((part, i) => ({ text: part.toLowerCase(), terms: new Set(terms[i]) })),
    terms,
    language,
    hasSteps: STEPS.test(chunk.text),
  };
  cuts.set(key, cut);
  return cut;
}

/** The passages of a document share most of theirs. */
function headingOf(name: string): Heading {
  const known = headings.get(name);
  if (known) return known;
  const heading = { name, passage: passageOf(name), words: contentWords(name) };
  headings.set(name, heading);
  return heading;
}

const wordsOfPath = (uri: string): string => uri.replace(SCHEME_AND_HOST, "").replaceAll(/[^\p{L}\p{N}]+/gu, " ");
