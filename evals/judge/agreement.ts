/** Share of pairs that are equal, and Cohen's kappa: the same beyond what chance alone would give. */
export function agreement(pairs: readonly (readonly [boolean, boolean])[]): {
  readonly share: number;
  readonly kappa: number;
} {
  const count = pairs.length;
  const share = pairs.filter(([a, b]) => a === b).length / count;
  const [a, b] = [0, 1].map((i) => pairs.filter((pair) => pair[i]).length / count) as [number, number];
  const chance = a * b + (1 - a) * (1 - b);
  return { share, kappa: chance === 1 ? (share === 1 ? 1 : 0) : (share - chance) / (1 - chance) };
}

/** The 95 % interval of a share (Wilson, 1927), which stays within 0 and 1 for few of them, too. */
export function shareInterval(hits: number, count: number): { readonly low: number; readonly high: number } {
  const z = 1.96;
  const share = hits / count;
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
