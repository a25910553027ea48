import type { Release } from "#shared/release.ts";
import type { Candidate } from "./retrieve.ts";

/** Rough tokens of a text: a Han character is about one, other text about four characters a token. */
export function estimateTokens(text: string): number {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han + Math.ceil((text.length - han) / 4);
}

/** The best candidates that fit the prompt, with at most so many of one document that others are heard too. */
export function fitEvidence(
  candidates: readonly Candidate[],
  limit: number,
  settings: Release["retrieval"],
): Candidate[] {
  const perDocument = new Map<string, number>();
  const evidence: Candidate[] = [];
  let tokens = 0;
  for (const candidate of candidates) {
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
