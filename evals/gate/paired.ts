import { seededRandom } from "./random.ts";

/** 95 %: what lies outside on either side is 2.5 %. */
const TAIL = 0.025;
const RESAMPLES = 2000;
/** z of a one-sided 2.5 % test plus z of 80 % power. */
const DETECTABLE_Z = 1.96 + 0.84;
/** 6 changes to the worse and none to the better: the fewest that an exact test at 2.5 % tells from chance (2^-6). */
const FEWEST_FLIPS = 6;

export type Pair = { readonly before: number; readonly after: number };
export type Interval = { readonly low: number; readonly high: number };

/**
 * The 95 % interval of a figure of all questions, by the bootstrap over questions. `figure` gets the resampled ones. A pair
 * stays together, which takes the difference between easy and hard questions out of the comparison.
 */
export function bootstrap<T>(
  rows: readonly T[],
  figure: (rows: readonly T[]) => number,
  seed: number,
  resamples = RESAMPLES,
): Interval {
  const random = seededRandom(seed);
  const figures = Array.from({ length: resamples }, () =>
    figure(Array.from(rows, () => rows[Math.floor(random() * rows.length)]!)),
  ).filter((value) => !Number.isNaN(value));
  figures.sort((a, b) => a - b);
  const at = (share: number): number =>
    figures[Math.min(figures.length - 1, Math.floor(share * figures.length))] ?? Number.NaN;
  return { low: at(TAIL), high: at(1 - TAIL) };
}

/** Mean fall of the pairs, and its interval. Nothing is drawn when all differences are the same. */
export function meanDrop(pairs: readonly Pair[], seed: number): { readonly drop: number; readonly interval: Interval } {
  const falls = pairs.map(({ before, after }) => before - after);
  const drop = meanOf(falls);
  if (falls.every((fall) => fall === falls[0])) return { drop, interval: { low: drop, high: drop } };
  return { drop, interval: bootstrap(falls, meanOf, seed) };
}

/** Exact one-sided McNemar test: how likely chance alone brings so many of the changed questions to the worse side. */
export function mcnemar(worse: number, better: number): number {
  const changed = worse + better;
  let [term, sum] = [0.5 ** changed, 0];
  for (let k = 0; k <= better; k++) {
    sum += term;
    term *= (changed - k) / (k + 1);
  }
  return changed === 0 ? 1 : Math.min(1, sum);
}

/** The smallest drop that so many questions can tell from chance, given how the differences spread. */
export function resolvableDrop(pairs: readonly Pair[]): number {
  const falls = pairs.map(({ before, after }) => before - after);
  const mean = meanOf(falls);
  const spread = Math.sqrt(meanOf(falls.map((fall) => (fall - mean) ** 2)));
  return Math.min(1, Math.max(FEWEST_FLIPS / pairs.length, (DETECTABLE_Z * spread) / Math.sqrt(pairs.length)));
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
