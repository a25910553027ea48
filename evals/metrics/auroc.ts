/**
 * Probability that a positive scores above a negative, ties half (area under the ROC curve, by ranks: Mann–Whitney).
 * NaN without both.
 */
export function auroc(positives: readonly number[], negatives: readonly number[]): number {
  const all = [
    ...positives.map((score) => ({ score, positive: true })),
    ...negatives.map((score) => ({ score, positive: false })),
  ];
  all.sort((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]!.score === all[from]!.score) to += 1;
    // Ranks from 1; tied ones share their mean rank.
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) if (all[i]!.positive) rankSum += rank;
    from = to;
  }
  const [p, n] = [positives.length, negatives.length];
  return (rankSum - (p * (p + 1)) / 2) / (p * n);
}
