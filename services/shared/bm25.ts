/** Term saturation and length normalisation as in Lucene. */
const K1 = 1.2;
const B = 0.75;

export type CorpusStats = { readonly documents: number; readonly averageLength: number };

/** ln(1 + (N − n + 0.5) / (n + 0.5)): never negative, so a word in most documents still counts a little. */
export function inverseDocumentFrequency(documents: number, withTerm: number): number {
  return Math.log(1 + (documents - withTerm + 0.5) / (withTerm + 0.5));
}

/** One term's share of a document's score (Robertson and Zaragoza, 2009). `length` counts terms. */
export function bm25(idf: number, frequency: number, length: number, averageLength: number): number {
  return (idf * frequency * (K1 + 1)) / (frequency + K1 * (1 - B + (B * length) / averageLength));
}
