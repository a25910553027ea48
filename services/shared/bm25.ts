/** Term saturation, length normalisation: Lucene's values. */
export const K1 = 1.2;
export const B = 0.75;

/** ln(1 + (N − n + 0.5) / (n + 0.5)): never negative, so a word in most texts still counts a little. */
export function inverseDocumentFrequency(texts: number, withTerm: number): number {
  return Math.log(1 + (texts - withTerm + 0.5) / (withTerm + 0.5));
}

/** A term's frequency as it would be in a text of average length. Lengths count words. */
export function normalisedFrequency(frequency: number, length: number, averageLength: number): number {
  return frequency === 0 ? 0 : frequency / (1 - B + (B * length) / averageLength);
}

/**
 * One term's share of a score. A text of several fields gets the weighted sum of their frequencies, saturated once:
 * BM25F (Robertson, Zaragoza and Taylor, 2004). With one field this is BM25.
 */
export function bm25(idf: number, frequency: number): number {
  return (idf * frequency * (K1 + 1)) / (frequency + K1);
}
