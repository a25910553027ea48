import type { SearchIndex } from "#shared/index.ts";
import type { SearchScope } from "#shared/principal.ts";
import type { Release } from "#shared/release.ts";
import type { Metrics } from "#shared/telemetry.ts";
import { blendDense } from "./blend-dense.ts";
import type { DenseReport, OpenDenseLeg } from "./dense-leg.ts";
import { type Fused, fuse } from "./fuse.ts";
import { rankCandidates } from "./rank-candidates.ts";
import type { Reading } from "./read-candidates.ts";
import type { Confirmed, SecondGate } from "./second-gate.ts";

/** A passage that the database has confirmed for this caller, with the ranks it had. */
export type Candidate = Fused & { readonly document: Confirmed };

export type Retrieved = {
  readonly generation: string;
  /** What became of the search by vectors; absent where the index has none. */
  readonly dense?: DenseReport | undefined;
  readonly candidates: readonly Candidate[];
  /** What was read of the first of them beside the question, in the same order. */
  readonly readings: readonly Reading[];
  readonly proposed: number;
  readonly rejected: number;
};

export type Retrieve = (question: string, scope: SearchScope, limit: number, signal: AbortSignal) => Promise<Retrieved>;

const MAX_LIMIT = 5000;

/**
 * Search every leg in the scope, fuse, let the database confirm, and rank what it has confirmed. When the gate turns hits away, the search is
 * widened, so that stale index entries cost time but never hide a passage that may be seen.
 */
export function createRetrieve(
  index: Pick<SearchIndex, "search">,
  gate: SecondGate,
  release: Release,
  metrics: Metrics,
  openDense: OpenDenseLeg,
): Retrieve {
  const weights = release.retrieval.fusion.weights;
  return async (question, scope, limit, signal) => {
    const stopTimer = metrics.retrievalSeconds.startTimer();
    const dense = openDense(question, signal);
    for (let width = Math.max(limit, release.retrieval.candidates); ; width *= 4) {
      const found = await index.search(question, scope, width, signal);
      const near = await dense.near(found, scope, width);
      const legs = near ? { ...found.legs, dense: near } : found.legs;
      const fused = fuse(legs, weights, Number.MAX_SAFE_INTEGER);
      const documents = await gate(scope, [...new Set(fused.map(({ chunk }) => chunk.versionId))]);
      const candidates = fused.flatMap((hit) => {
        const document = documents.get(hit.chunk.versionId);
        return document ? [{ ...hit, document }] : [];
      });
      const exhausted = Object.values(legs).every((leg) => leg.length < width);
      if (candidates.length >= limit || exhausted || width >= MAX_LIMIT) {
        const depth = release.retrieval.candidates;
        const read = rankCandidates(question, candidates.slice(0, width), release.ranking.passage, depth);
        const ranked = near ? blendDense(read, near, release) : read;
        stopTimer();
        metrics.gateRejections.inc(fused.length - candidates.length);
        return {
          generation: found.generation,
          dense: dense.report,
          candidates: ranked.candidates.slice(0, limit),
          readings: ranked.readings.slice(0, limit),
          proposed: fused.length,
          rejected: fused.length - candidates.length,
        };
      }
    }
  };
}
