/** nDCG@10 with binary gains, recall and reciprocal rank, as trec_eval defines them; means over the queries. */
export function rankingMetrics(
  rankings: ReadonlyMap<string, readonly string[]>,
  relevant: ReadonlyMap<string, ReadonlySet<string>>,
): { ndcg: number; recall5: number; recall10: number; mrr: number } {
  const sums = { ndcg: 0, recall5: 0, recall10: 0, mrr: 0 };
  for (const [query, wanted] of relevant) {
    const gains = (rankings.get(query) ?? []).slice(0, 10).map((id) => (wanted.has(id) ? 1 : 0));
    const discounted = gains.reduce<number>((sum, gain, i) => sum + gain / Math.log2(i + 2), 0);
    const ideal = Array.from({ length: Math.min(10, wanted.size) }, (_, i) => 1 / Math.log2(i + 2)).reduce(
      (a, b) => a + b,
      0,
    );
    const found = (depth: number): number => gains.slice(0, depth).filter((gain) => gain > 0).length / wanted.size;
    const first = gains.indexOf(1);
    sums.ndcg += discounted / ideal;
    sums.recall5 += found(5);
    sums.recall10 += found(10);
    sums.mrr += first < 0 ? 0 : 1 / (first + 1);
  }
  const { ndcg, recall5, recall10, mrr } = sums;
  const count = relevant.size;
  return { ndcg: ndcg / count, recall5: recall5 / count, recall10: recall10 / count, mrr: mrr / count };
}
