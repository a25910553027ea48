import { codePointIndex, codePointLength } from "#shared/codepoints.ts";
import { isIndexing } from "#shared/is-indexing.ts";
import { MARKER_RUNS } from "#shared/marker-runs.ts";
import { type Place, placeIn } from "#shared/places.ts";
import type { Candidate } from "../retrieval/retrieve.ts";
import { isSupported, overlap } from "./support.ts";

/** Half-open, in Unicode code points. */
export type Span = { readonly start: number; readonly end: number };

export type Citation = {
  readonly marker: number;
  readonly answer: Span;
  readonly verified: boolean;
  readonly source: Span & {
    readonly document_id: string;
    readonly version_id: string;
    readonly title: string;
    readonly uri: string;
    readonly heading_path: readonly string[];
    readonly page?: number;
    readonly place?: Place;
    readonly quote: string;
  };
};

/** What a lead-in such as “run:” leads to stands behind its markers. */
const CODE_BLOCK = /^\s*```[^\n]*\n([\s\S]*?)\n```/;
const WORD = /[\p{L}\p{N}]/u;
/** A stop and the quotation marks and brackets that close behind it. */
const SENTENCE_START = /[.!?]["'”’)\]]*(?=\s)|[。！？][”’」』）]*|\n/g;
const FINAL_STOPS = /[\s.!?。！？；;:："'”’」』）)\]]+$/;
/** Longest run of source sentences that one quote may span. */
const MAX_QUOTE_SENTENCES = 3;

/** Resolves the markers of a finished answer: which words they stand behind, and which words of the source bear them out. */
export function resolveCitations(answer: string, evidence: readonly Candidate[]): Citation[] {
  const toCodePoint = codePointIndex(answer);
  const citations: Citation[] = [];
  let after = 0;
  let before: [number, number] | undefined;
  for (const run of answer.matchAll(MARKER_RUNS)) {
    const behind = run.index + run[0].length;
    if (/^\[/.test(run[0]) && isIndexing(answer.slice(0, run.index), answer.slice(behind))) continue;
    const [start, end] = claimBefore(answer, after, run.index) ?? before ?? claimBehind(answer, behind);
    const claim = answer.slice(start, end);
    const earliest = after;
    before = [start, end];
    after = behind;
    const block = CODE_BLOCK.exec(answer.slice(after));
    if (block) after += block[0].length;
    for (const [, number] of run[0].matchAll(/\[(\d{1,3})\]/g)) {
      const marker = Number(number);
      const candidate = evidence[marker - 1];
      if (!candidate || claim === "") continue;
      const { from, quote } = withSentencesBefore(answer, earliest, [start, end], candidate.chunk.text);
      const said = answer.slice(from, end);
      const source = quote && !block ? sourceOf(candidate, quote) : quoteFor(claim, block?.[1], candidate);
      const span = { start: toCodePoint(from), end: toCodePoint(end) };
      citations.push({ marker, answer: span, verified: isSupported(said, source.quote, contextOf(candidate)), source });
    }
  }
  return citations;
}

/** The sentence before the markers; its own final stop does not end it. `undefined` when there are no words. */
function claimBefore(answer: string, from: number, to: number): [number, number] | undefined {
  const text = answer.slice(from, to).replace(FINAL_STOPS, "");
  const last = [...text.matchAll(SENTENCE_START)].at(-1);
  const start = from + (last ? last.index + last[0].length : 0);
  const lead = /^(?:[\s。，,；;]|\.(?=\s|$))*/.exec(answer.slice(start, to))?.[0].length ?? 0;
  const claim = answer.slice(start + lead, to).trimEnd();
  return WORD.test(claim) ? [start + lead, start + lead + claim.length] : undefined;
}

/**
 * The claim with the sentences before it that have no marker of their own, as far as they and it are one piece of the
 * source, word for word and in whatever order: an excerpt has one marker and one quote. `quote` is `undefined` when
 * it is the claim alone.
 */
function withSentencesBefore(answer: string, earliest: number, [start, end]: [number, number], text: string) {
  const places: [number, number][] = [];
  let excerpt: { from: number; quote: [number, number] | undefined } = { from: start, quote: undefined };
  for (let next: [number, number] | undefined = [start, end]; next; next = claimBefore(answer, earliest, next[0])) {
    const sentence = answer.slice(...next);
    const place = placeOf(sentence, text);
    if (!place) break;
    places.push(place);
    const quote = places.length > 1 && oneOf(places, text);
    if (quote) excerpt = { from: next[0], quote };
  }
  return excerpt;
}

/** Where a text has these words: an answer says in one line what the source broke and indented. */
function placeOf(words: string, text: string): [number, number] | undefined {
  const wanted = words.trim().replaceAll(/\s+/g, " ");
  const at = text.replaceAll(/\s+/g, " ").indexOf(wanted);
  if (at < 0) return undefined;
  const positions = [...text.matchAll(/\s+|\S/g)].map(({ index }) => index);
  return [positions[at]!, positions[at + wanted.length - 1]! + 1];
}

/** The piece of the text that places make up together; `undefined` when something is missing between them. */
function oneOf(places: readonly [number, number][], text: string): [number, number] | undefined {
  const sorted = [...places].sort(([a], [b]) => a - b);
  const isWhole = sorted.slice(1).every(([start], i) => {
    const end = sorted[i]![1];
    return end <= start && text.slice(end, start).trim() === "";
  });
  return isWhole ? [sorted[0]![0], sorted.at(-1)![1]] : undefined;
}

/** The sentence behind a marker that an answer begins with: `[1] The port is 8081.` */
function claimBehind(answer: string, from: number): [number, number] {
  const lead = /^[^\p{L}\p{N}[]*/u.exec(answer.slice(from))?.[0].length ?? 0;
  const claim =
    /^[^\n[]*?(?:[.!?](?=\s|$)|[。！？；]|(?=[\n[]|$))/.exec(answer.slice(from + lead))?.[0].trimEnd() ?? "";
  return [from + lead, from + lead + claim.length];
}

/** The shortest run of sentences of the passage that supports the claim best, word for word. */
export function quoteFor(claim: string, code: string | undefined, candidate: Candidate): Citation["source"] {
  const { text } = candidate.chunk;
  const [start, end] = bestRange(claim, text);
  return sourceOf(candidate, [start, code === undefined ? end : endOfBlock(text, end, code)]);
}

/** What stands around a quote and may say of whom it speaks. */
export const contextOf = ({ chunk, document }: Candidate): string =>
  [document.title, ...chunk.headingPath, chunk.text].join("\n");

function sourceOf({ chunk, document }: Candidate, [start, end]: [number, number]): Citation["source"] {
  const offset = codePointLength(chunk.text.slice(0, start));
  const quote = chunk.text.slice(start, end);
  return {
    document_id: chunk.documentId,
    version_id: chunk.versionId,
    title: document.title,
    uri: document.uri,
    heading_path: chunk.headingPath,
    ...(chunk.page !== undefined && { page: chunk.page }),
    ...(chunk.places && { place: placeIn(chunk.places, chunk.text, start, end) }),
    start: chunk.start + offset,
    end: chunk.start + offset + codePointLength(quote),
    quote,
  };
}

function bestRange(claim: string, text: string): [number, number] {
  const verbatim = placeOf(claim, text);
  if (verbatim) return verbatim;
  const sentences = sentenceRanges(text);
  let best: [number, number] = [0, text.length];
  let bestScore = 0;
  for (let size = 1; size <= MAX_QUOTE_SENTENCES; size++) {
    for (let i = 0; i + size <= sentences.length; i++) {
      const range: [number, number] = [sentences[i]![0], sentences[i + size - 1]![1]];
      // A longer quote must earn its length, or everything would be quoted.
      const score = overlap(claim, text.slice(...range)) - 0.05 * (size - 1);
      if (score > bestScore) [best, bestScore] = [range, score];
    }
  }
  return best;
}

/** The end of the code when it follows the sentence in the source too. */
function endOfBlock(text: string, from: number, code: string): number {
  const gap = /^\s*/.exec(text.slice(from))![0].length;
  return text.startsWith(code, from + gap) ? from + gap + code.length : from;
}

function sentenceRanges(text: string): [number, number][] {
  const ranges: [number, number][] = [];
  for (const { 0: piece, index } of text.matchAll(/[^\n]+?(?:[.!?]["'”’)\]]*(?=\s)|[。！？；][”’」』）]*|(?=\n)|$)/g)) {
    const lead = piece.length - piece.trimStart().length;
    if (piece.trim() !== "") ranges.push([index + lead, index + piece.trimEnd().length]);
  }
  return ranges;
}
