/**
 * Ranking metrics as NIST's trec_eval defines them. `gains` are the gains of a ranking, best first; 0 is not relevant.
 * `wanted` are the gains of everything relevant, found or not.
 */
export function ndcgAt(k: number, gains: readonly number[], wanted: readonly number[]): number {
  const ideal = wanted.toSorted((a, b) => b - a);
  const best = discounted(ideal.slice(0, k));
  return best === 0 ? 0 : discounted(gains.slice(0, k)) / best;
}

const discounted = (gains: readonly number[]): number =>
  gains.reduce((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);

/** Share of what is relevant that stands among the first k. */
export function recallAt(k: number, gains: readonly number[], wanted: readonly number[]): number {
  return wanted.length === 0 ? 0 : relevant(gains.slice(0, k)) / wanted.length;
}

/** Share of the first k that is relevant; ranks that nothing was returned for count as not relevant. */
export function precisionAt(k: number, gains: readonly number[]): number {
  return relevant(gains.slice(0, k)) / k;
}

/** 1 / rank of the first relevant one among the first k, else 0. */
export function reciprocalRankAt(k: number, gains: readonly number[]): number {
  const at = gains.slice(0, k).findIndex((gain) => gain > 0);
  return at < 0 ? 0 : 1 / (at + 1);
}

/** Mean, over everything relevant, of the precision at its rank; what was not found counts 0. */
export function averagePrecision(gains: readonly number[], wanted: readonly number[]): number {
  let found = 0;
  let sum = 0;
  for (const [i, gain] of gains.entries()) {
    if (gain <= 0) continue;
    found += 1;
    sum += found / (i + 1);
  }
  return wanted.length === 0 ? 0 : sum / wanted.length;
}

const relevant = (gains: readonly number[]): number => gains.filter((gain) => gain > 0).length;
