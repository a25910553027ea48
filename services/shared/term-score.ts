import { B, K1 } from "./bm25.ts";
import type { Weighed } from "./bm25f.ts";
import { afterNumber, numberAt, ONE_BYTE } from "./postings.ts";
import { type TermSegment, termAt } from "./term-segment.ts";

export type Averages = { readonly chunks: number; readonly chunkWords: number; readonly versionWords: number };

/** A segment as it is searched: what its chunks have come to, and where to look. A chunk without a term has come to 0. */
export type Scored = {
  readonly segment: TermSegment;
  readonly scores: Float64Array;
  /** The versions that hold a term, so many of them, and a 1 for each. */
  readonly found: Uint32Array;
  readonly isFound: Uint8Array;
  count: number;
  /** 1 for the versions that are of interest; all of them where it is absent. */
  readonly wanted: Uint8Array | undefined;
};

/**
 * Adds what a term is worth to the chunks that hold it, and what it is worth in their documents to all chunks of these:
 * `bm25f` for many chunks at once. Without a share for documents, that is BM25 of the passages alone. Reads what
 * `Postings` reads, without the calls, which would take half of a search. Returns whether any version in the scope holds
 * the term. `may` has a 1 by the number of each scope that may be read.
 */
export function scoreTerm(
  scored: Scored,
  { hash, idf }: Weighed,
  { chunkWords, versionWords }: Averages,
  may: readonly number[],
  documentShare: number,
): boolean {
  const { segment, scores, isFound, found, wanted } = scored;
  const term = termAt(segment, hash);
  if (term < 0) return false;
  const { scopes, words, first, gone } = segment.versions;
  const lengths = segment.chunks.words;
  const bytes = segment.terms.postings;
  const last = segment.terms.starts[term + 1]!;
  const most = idf * (K1 + 1);
  const [perVersionWord, perWord] = [B / versionWords, B / chunkWords];
  let isThere = false;
  let version = -1;
  for (let at = segment.terms.starts[term]!; at < last; ) {
    version += numberAt(bytes, at);
    at = afterNumber(bytes, at);
    const end = afterNumber(bytes, at) + numberAt(bytes, at);
    at = afterNumber(bytes, at);
    if (gone[version] === 1 || may[scopes[version]!] !== 1) {
      at = end;
      continue;
    }
    isThere = true;
    if (wanted !== undefined && wanted[version] === 0) {
      at = end;
      continue;
    }
    if (isFound[version] === 0) {
      isFound[version] = 1;
      found[scored.count++] = version;
    }
    const frequency = numberAt(bytes, at);
    at = afterNumber(bytes, at);
    const held = numberAt(bytes, at);
    at = afterNumber(bytes, at);
    const document = (documentShare * frequency) / (1 - B + perVersionWord * words[version]!);
    const elsewhere = (most * document) / (document + K1);
    let chunk = first[version]! - 1;
    for (let i = 0; i < held; i++) {
      let read = bytes[at]!;
      if (read <= ONE_BYTE) at += 1;
      else {
        read = numberAt(bytes, at);
        at = afterNumber(bytes, at);
      }
      let times = 1;
      if ((read & 1) === 0) {
        times = numberAt(bytes, at);
        at = afterNumber(bytes, at);
      }
      const next = chunk + (read >>> 1);
      if (elsewhere > 0) for (chunk += 1; chunk < next; chunk++) scores[chunk]! += elsewhere;
      chunk = next;
      // Both sides of the fraction times the passage's length, which spares a division.
      const length = 1 - B + perWord * lengths[chunk]!;
      const share = document * length + (1 - documentShare) * times;
      scores[chunk]! += (most * share) / (share + K1 * length);
    }
    const after = elsewhere > 0 ? first[version + 1]! : 0;
    for (chunk += 1; chunk < after; chunk++) scores[chunk]! += elsewhere;
  }
  return isThere;
}
