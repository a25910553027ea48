import { byRank } from "#shared/by-rank.ts";
import type { Chunk } from "#shared/chunk.ts";
import type { Legs } from "#shared/index.ts";

export type Fused = {
  readonly chunk: Chunk;
  readonly score: number;
  /** Rank by leg, from 1. A leg that did not find the chunk is absent. */
  readonly ranks: Readonly<Record<string, number>>;
};

/**
 * Min-max weighted sum: each leg's scores are brought to [0, 1] within the leg, weighted and added (CombSUM of
 * Fox and Shaw, 1994, on normalised scores).
 */
export function fuse(legs: Legs["legs"], weights: Readonly<Record<string, number>>, limit: number): Fused[] {
  // One leg alone counts whole, so that what is learnt of scores holds with and without the other.
  const whole = Object.keys(legs).reduce((sum, leg) => sum + (weights[leg] ?? 0), 0) || 1;
  const fused = new Map<string, { chunk: Chunk; score: number; ranks: Record<string, number> }>();
  for (const [leg, hits] of Object.entries(legs)) {
    const scores = hits.map(({ score }) => score);
    const low = scores.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const span = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - low;
    for (const [i, { chunk, score }] of hits.entries()) {
      const entry = fused.get(chunk.id) ?? { chunk, score: 0, ranks: {} };
      entry.score += ((weights[leg] ?? 0) / whole) * (span > 0 ? (score - low) / span : 1);
      entry.ranks[leg] = i + 1;
      fused.set(chunk.id, entry);
    }
  }
  return [...fused.values()].sort(byRank).slice(0, limit);
}
