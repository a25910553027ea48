export type Features = Readonly<Record<string, number>>;
export type Optimised = { readonly bias: number; readonly weights: Readonly<Record<string, number>> };

export type Learn<T> = (
  example: T,
  score: (features: Features) => number,
  push: (features: Features, by: number) => void,
) => void;

const BATCH = 32;
const FIRST_RATE = 0.03;
const LAST_RATE = 0.001;
const SHRINKAGE = 3e-4;
const DECIMALS = 3;
/** The constant feature stands first. */
const BIAS = 0;

/**
 * Adam (Kingma and Ba, 2015) over linear scores, with a falling rate, a fixed order and L2 shrinkage. `learn` is told
 * the score of features and pushes gradients back.
 */
export function optimise<T>(
  examples: readonly T[],
  rounds: number,
  learn: Learn<T>,
  least = Number.NEGATIVE_INFINITY,
): Optimised {
  const places = new Map<string, number>();
  const vectors = new Map<Features, readonly (readonly [place: number, value: number])[]>();
  const placeOf = (name: string): number => {
    if (!places.has(name)) places.set(name, places.size + 1);
    return places.get(name)!;
  };
  const vectorOf = (features: Features) => {
    const known = vectors.get(features);
    if (known) return known;
    const vector = Object.entries(features)
      .filter(([, value]) => value !== 0)
      .map(([name, value]) => [placeOf(name), value] as const);
    vectors.set(features, vector);
    return vector;
  };
  const weights: number[] = [];
  const mean: number[] = [];
  const spread: number[] = [];
  let gradient: number[] = [];
  const score = (features: Features): number => {
    let sum = weights[BIAS] ?? 0;
    for (const [place, value] of vectorOf(features)) sum += value * (weights[place] ?? 0);
    return sum;
  };
  const push = (features: Features, by: number): void => {
    gradient[BIAS] = (gradient[BIAS] ?? 0) + by;
    for (const [place, value] of vectorOf(features)) gradient[place] = (gradient[place] ?? 0) + by * value;
  };
  const order = shuffled(examples);
  let steps = 0;
  for (let round = 0; round < rounds; round++) {
    const rate = FIRST_RATE * (1 - round / rounds) + LAST_RATE;
    for (let at = 0; at < order.length; at += BATCH) {
      gradient = [];
      const batch = order.slice(at, at + BATCH);
      for (const example of batch) learn(example, score, push);
      steps += 1;
      for (let place = 0; place <= places.size; place++) {
        const weight = weights[place] ?? 0;
        const slope = (gradient[place] ?? 0) / batch.length + (place === BIAS ? 0 : SHRINKAGE * weight);
        const m = 0.9 * (mean[place] ?? 0) + 0.1 * slope;
        const s = 0.999 * (spread[place] ?? 0) + 0.001 * slope ** 2;
        mean[place] = m;
        spread[place] = s;
        const step = (rate * (m / (1 - 0.9 ** steps))) / (Math.sqrt(s / (1 - 0.999 ** steps)) + 1e-8);
        weights[place] = place === BIAS ? weight - step : Math.max(least, weight - step);
      }
    }
  }
  const named = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    bias: rounded(weights[BIAS] ?? 0),
    weights: Object.fromEntries(named.map(([name, place]) => [name, rounded(weights[place] ?? 0)])),
  };
}

const rounded = (value: number): number => Number(value.toFixed(DECIMALS));

/** The same order in every run, so that the same data give the same weights. */
function shuffled<T>(examples: readonly T[]): T[] {
  const order = [...examples];
  let seed = 7;
  for (let i = order.length - 1; i > 0; i--) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
