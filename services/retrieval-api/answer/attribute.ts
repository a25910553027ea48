import { codePointIndex } from "#shared/codepoints.ts";
import { MARKER_RUNS } from "#shared/marker-runs.ts";
import { queryTerms } from "#shared/tokenize.ts";
import type { Candidate } from "../retrieval/retrieve.ts";
import { type Citation, contextOf, quoteFor } from "./citations.ts";
import { quantitiesOf } from "./quantities.ts";
import { isSupported } from "./support.ts";

/** Shorter pieces without a number, such as “Yes.” or “Run this:”, state nothing that could be borne out. */
const MIN_TERMS = 4;
const MIN_CLAIM_TERMS = 2;
const CODE_BLOCK = /```[\s\S]*?(?:```|$)/g;
const SENTENCE = /[^\n]+?(?:[.!?]["'”’)]*(?=\s|$)|[。！？；]["'”’）」]*|(?=\n)|$)/g;

export type Attributed = {
  /** For sentences without a marker that a piece of evidence bears out. */
  readonly citations: readonly Citation[];
  /** Whether a sentence has neither a marker nor evidence. */
  readonly isPartlyUnsupported: boolean;
};

/**
 * Finds evidence for the sentences of an answer that no marker stands behind: models that cite badly are the rule.
 * What no evidence bears out stays without a citation, where a reader sees it.
 */
export function attribute(answer: string, evidence: readonly Candidate[], cited: readonly Citation[]): Attributed {
  const toCodePoint = codePointIndex(answer);
  const citations: Citation[] = [];
  let isPartlyUnsupported = false;
  for (const [start, text] of sentencesOf(answer)) {
    const span = { start: toCodePoint(start), end: toCodePoint(start + text.length) };
    if (cited.some(({ answer: { start, end } }) => start < span.end && end > span.start)) continue;
    const terms = queryTerms(text).length;
    if (terms < MIN_TERMS && quantitiesOf(text).length === 0) continue;
    // A bare number stands somewhere in most evidence, which says nothing about what it counts.
    const found = terms < MIN_CLAIM_TERMS ? undefined : supportOf(text, evidence);
    if (found) citations.push({ marker: found.marker, answer: span, verified: true, source: found.source });
    else isPartlyUnsupported = true;
  }
  return { citations, isPartlyUnsupported };
}

function supportOf(sentence: string, evidence: readonly Candidate[]): Pick<Citation, "marker" | "source"> | undefined {
  for (const [i, candidate] of evidence.entries()) {
    const source = quoteFor(sentence, undefined, candidate);
    if (isSupported(sentence, source.quote, contextOf(candidate))) return { marker: i + 1, source };
  }
  return undefined;
}

/** Code and markers are no sentences; blanks keep the positions of the rest. */
function sentencesOf(answer: string): [start: number, text: string][] {
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ");
  const plain = answer.replaceAll(CODE_BLOCK, blank).replaceAll(MARKER_RUNS, blank);
  return [...plain.matchAll(SENTENCE)].flatMap(({ 0: piece, index }): [number, string][] => {
    const text = piece.trim();
    return text === "" ? [] : [[index + piece.indexOf(text), text]];
  });
}
