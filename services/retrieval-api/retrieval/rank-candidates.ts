import { type Reading, readCandidates } from "../answer/read-candidates.ts";
import type { Candidate } from "./retrieve.ts";

/**
 * The candidates in the order of how well each reads beside the question: a linear model of `readCandidates`, whose
 * weights belong to the release. Ties keep the order of the search.
 */
export function rankCandidates(
  question: string,
  candidates: readonly Candidate[],
  weights: Readonly<Record<string, number>>,
): Candidate[] {
  const readings = readCandidates(question, candidates);
  return candidates
    .map((candidate, i) => ({ candidate, worth: worthOf(readings[i]!, weights) }))
    .sort((a, b) => b.worth - a.worth)
    .map(({ candidate }) => candidate);
}

/** What a reading is worth: the sum of its values, each times its weight. */
export function worthOf(reading: Reading, weights: Readonly<Record<string, number>>): number {
  return Object.entries(reading).reduce((sum, [name, value]) => sum + value * (weights[name] ?? 0), 0);
}
