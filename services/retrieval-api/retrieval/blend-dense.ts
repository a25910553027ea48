import type { Hit } from "#shared/index.ts";
import type { Release } from "#shared/release.ts";
import { type Ranked, worthOf } from "./rank-candidates.ts";

/** Where a question's words are nowhere, how a passage reads beside them says nothing. */
const LEAST_TRUST = 0.05;

/**
 * The order of the reading and that of the vectors, fused: what each says is brought to [0, 1] over the candidates that
 * were read, and added by the weights of the release. The reading is trusted as far as the best candidate holds the
 * question's words: a question in another language than the documents goes by its vector alone. Ties keep the order
 * of the reading.
 */
export function blendDense(
  { candidates, readings }: Ranked,
  near: readonly Hit[],
  { ranking, retrieval }: Pick<Release, "ranking" | "retrieval">,
): Ranked {
  const cosines = new Map(near.map(({ chunk, score }) => [chunk.id, score]));
  const lowest = near.at(-1)?.score ?? 0;
  const read = normalised(readings.map((reading) => worthOf(reading, ranking.passage)));
  const meant = normalised(readings.map((_, i) => cosines.get(candidates[i]!.chunk.id) ?? lowest));
  const held = Math.max(LEAST_TRUST, ...readings.map(({ support = 0 }) => support));
  const { lexical = 1, dense = 0 } = retrieval.fusion.weights;
  const scores = readings.map((_, i) => lexical * Math.min(1, held) * read[i]! + dense * meant[i]!);
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  return {
    candidates: [...order.map((i) => candidates[i]!), ...candidates.slice(readings.length)],
    readings: order.map((i) => readings[i]!),
  };
}

function normalised(values: readonly number[]): number[] {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const span = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) - low;
  return values.map((value) => (span > 0 ? (value - low) / span : 1));
}
