import { languageOf } from "#shared/language.ts";
import type { Release } from "#shared/release.ts";
import { type Reading, readCandidates } from "../answer/evidence-check.ts";
import type { Candidate } from "./retrieve.ts";

/** What speaking of the whole question, and in its language, is worth in a fused score that ends at 1. */
const SUPPORT_BOOST = 1;
/** A heading that is the question in other words. */
const HEADING_BOOST = 0.6;
const LANGUAGE_BOOST = 0.3;

/** Rough tokens of a text: a Han character is about one, other text about four characters a token. */
export function estimateTokens(text: string): number {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han + Math.ceil((text.length - han) / 4);
}

/**
 * The best candidates that fit the prompt, with at most so many of one document that others are heard too. Those that
 * speak of more of the question, and in its language, come first.
 */
export function fitEvidence(
  candidates: readonly Candidate[],
  limit: number,
  settings: Release["retrieval"],
  question = "",
  readings: readonly Reading[] = question === "" ? [] : readCandidates(question, candidates),
): Candidate[] {
  const perDocument = new Map<string, number>();
  const evidence: Candidate[] = [];
  let tokens = 0;
  for (const candidate of inOrder(question, candidates, readings)) {
    if (evidence.length >= limit) break;
    const { documentId, text } = candidate.chunk;
    const used = perDocument.get(documentId) ?? 0;
    const cost = estimateTokens(text);
    if (used >= settings.chunks_per_document || tokens + cost > settings.token_budget) continue;
    perDocument.set(documentId, used + 1);
    tokens += cost;
    evidence.push(candidate);
  }
  return evidence;
}

function inOrder(
  question: string,
  candidates: readonly Candidate[],
  readings: readonly Reading[],
): readonly Candidate[] {
  if (question === "") return candidates;
  const language = languageOf(question);
  const worth = candidates.map(
    (candidate, i) =>
      candidate.score +
      SUPPORT_BOOST * readings[i]!.support +
      HEADING_BOOST * readings[i]!.heading +
      (languageOf(`${candidate.document.title} ${candidate.chunk.text}`) === language ? LANGUAGE_BOOST : 0),
  );
  return candidates
    .map((candidate, i) => [candidate, worth[i]!] as const)
    .sort((a, b) => b[1] - a[1])
    .map(([candidate]) => candidate);
}
