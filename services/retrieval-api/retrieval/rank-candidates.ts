import { type Reading, readCandidates } from "./read-candidates.ts";
import type { Candidate } from "./retrieve.ts";

/** Candidates, and what was read of each beside the question, in the same order. */
export type Ranked = { readonly candidates: readonly Candidate[]; readonly readings: readonly Reading[] };

/**
 * The candidates in the order of their fused score and of what speaks for them beside it: a linear model of
 * `readCandidates`, whose weights belong to the release. Only the first `depth` are read; what the search found after
 * them stays there. Ties keep the order of the search.
 */
export function rankCandidates(
  question: string,
  candidates: readonly Candidate[],
  weights: Readonly<Record<string, number>>,
  depth: number,
): Ranked {
  const read = candidates.slice(0, depth);
  const readings = readCandidates(question, read);
  const worth = readings.map((reading) => worthOf(reading, weights));
  const order = read.map((_, i) => i).sort((a, b) => worth[b]! - worth[a]!);
  return {
    candidates: [...order.map((i) => read[i]!), ...candidates.slice(depth)],
    readings: order.map((i) => readings[i]!),
  };
}

/** What a reading is worth: the sum of its values, each times its weight. */
export function worthOf(reading: Reading, weights: Readonly<Record<string, number>>): number {
  return Object.entries(reading).reduce((sum, [name, value]) => sum + value * (weights[name] ?? 0), 0);
}
