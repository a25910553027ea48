import { inverseDocumentFrequency, K1 } from "./bm25.ts";
import { DOCUMENT_SHARE, type Weighed } from "./bm25f.ts";
import { Highest } from "./highest.ts";
import { Postings } from "./postings.ts";
import { hashOf } from "./term-counts.ts";
import { type Averages, type Scored, scoreTerm } from "./term-score.ts";
import { buildSegment, type CountedVersion, heldIn, mergeSegments, type TermSegment, termAt } from "./term-segment.ts";
import type { WeightedTerm } from "./tokenize.ts";

/** Chunks that hold a term for it to be remembered as common, and how many more or fewer chunks in all change nothing. */
const COMMON_FROM = 1000;
const COMMON_DRIFT = 0.01;
const MAX_COMMON = 20_000;
/** Above this share of the chunks a term is common enough for it to be worth the while to look where it may matter. */
const PRUNED_FROM = 0.01;
/** Passages that do well by themselves are scored with their documents: at least so many. */
const MIN_PROPOSALS = 100;
/** Segments of about one size that become one of the next. */
const FAN_IN = 8;
/** Equal scores are put in order by what the passages say, so all of them are wanted, but not without end. */
const MAX_TIES = 200;

export type Ranked = { readonly rowid: number; readonly score: number };
type Term = Weighed & { readonly held: number };

/**
 * The terms of a generation in memory: some 30 MB for 100,000 chunks. A term is a row of bytes that is read through
 * once, versions out of the scope being passed over. The best passages by BM25 are then scored by BM25F over two fields,
 * the passage and its whole document, since a passage alone does not show what its document is about. Not all passages
 * are: those of a few long documents would take every place.
 */
export function createTermCopy() {
  let segments: TermSegment[] = [];
  const places = new Map<number, { readonly segment: TermSegment; readonly at: number }>();
  const common = new Map<number, { readonly held: number; readonly chunks: number }>();
  let scores = new Float64Array(0);
  let isFound = new Uint8Array(0);
  let found = new Uint32Array(0);

  /** One segment for several that stand side by side, without what is gone. */
  const replace = (from: number, count: number): void => {
    const merged = mergeSegments(segments.slice(from, from + count));
    segments = segments.toSpliced(from, count, ...(merged.versions.rowids.length > 0 ? [merged] : []));
    remember(merged);
  };
  const remember = (segment: TermSegment): void => {
    for (const [at, rowid] of segment.versions.rowids.entries()) places.set(rowid, { segment, at });
  };
  /** In how many chunks a term is. To count a common one takes as long as to score it, so its share is remembered. */
  const heldBy = (hash: number, chunks: number): number => {
    const known = common.get(hash);
    if (known && Math.abs(known.chunks - chunks) <= chunks * COMMON_DRIFT) return known.held;
    const held = segments.reduce((sum, segment) => sum + heldIn(segment, hash), 0);
    if (held < COMMON_FROM) return held;
    if (common.size >= MAX_COMMON) common.clear();
    common.set(hash, { held, chunks });
    return held;
  };
  const weigh = ({ term, weight }: WeightedTerm, chunks: number): Term => {
    const hash = hashOf(term);
    const held = heldBy(hash, chunks);
    return { term, hash, held, idf: weight * inverseDocumentFrequency(chunks, held) };
  };
  const opened = (): Scored[] => {
    const total = segments.reduce((sum, { chunks }) => sum + chunks.rowids.length, 0);
    if (scores.length < total) {
      scores = new Float64Array(total * 2);
      isFound = new Uint8Array(total * 2);
      found = new Uint32Array(total * 2);
    }
    scores.fill(0, 0, total);
    isFound.fill(0, 0, total);
    let end = 0;
    return segments.map((segment) => {
      const begin = end;
      end += segment.chunks.rowids.length;
      return {
        ...{ segment, count: 0, wanted: undefined },
        ...{ scores: scores.subarray(begin, end), isFound: isFound.subarray(begin, end) },
        found: found.subarray(begin, end),
      };
    });
  };

  return {
    /** Many versions at once, into an empty copy. */
    fill(batches: Iterable<readonly CountedVersion[]>): void {
      segments = Array.from(batches, buildSegment);
      replace(0, segments.length);
    },
    add(versions: readonly CountedVersion[]): void {
      if (versions.length === 0) return;
      const built = buildSegment(versions);
      segments.push(built);
      remember(built);
    },
    remove(version: number): void {
      const place = places.get(version);
      if (!place) return;
      places.delete(version);
      const { segment, at } = place;
      segment.versions.gone[at] = 1;
      segment.goneChunks += segment.versions.first[at + 1]! - segment.versions.first[at]!;
    },
    /**
     * To be called when nobody waits. Eight segments of a size become one of the next, so there are few, and a chunk is
     * seldom moved; what is gone is left out where that is a half.
     */
    tidy(): void {
      for (let from = segments.length - FAN_IN; from >= 0; from = segments.length - FAN_IN) {
        const tail = segments.slice(from);
        if (tail.some((one) => levelOf(one) > levelOf(tail.at(-1)!))) break;
        replace(from, FAN_IN);
      }
      const at = segments.findIndex(({ goneChunks, chunks }) => goneChunks * 2 > chunks.rowids.length);
      if (at >= 0) replace(at, 1);
    },
    /**
     * The best `limit` chunks and what ties with the last of them, best first; and the terms that no text in the scope
     * has. `may` has a 1 by the number of each scope that may be read.
     */
    rank(
      question: readonly WeightedTerm[],
      averages: Averages,
      may: readonly number[],
      limit: number,
    ): { ranked: Ranked[]; unheld: Set<string> } {
      const terms = question.map((term) => weigh(term, averages.chunks)).sort((a, b) => b.idf - a.idf);
      const unheld = new Set<string>();
      const width = limit === 0 ? 0 : Math.max(limit, MIN_PROPOSALS);
      let all = opened();
      let isPruned = false;
      for (const [i, term] of terms.entries()) {
        if (!isPruned && i > 0 && term.held > averages.chunks * PRUNED_FROM) {
          isPruned = true;
          all = pruned(all, terms.slice(i), width);
        }
        const isThere = all.map((scored) => scoreTerm(scored, term, averages, may, 0));
        if (!isThere.includes(true)) unheld.add(term.term);
      }
      const lowest = lowestOf(all, width);
      const proposed = all.map((scored) => proposals(scored, lowest));
      for (const scored of proposed) {
        for (const term of terms) scoreTerm(scored, term, averages, may, DOCUMENT_SHARE);
      }
      return { ranked: best(proposed, limit), unheld };
    },
    /** Whether a text that may be read has the term. */
    has(term: string, may: readonly number[]): boolean {
      const hash = hashOf(term);
      return segments.some((segment) => {
        const at = termAt(segment, hash);
        if (at < 0) return false;
        const { scopes, gone } = segment.versions;
        const postings = new Postings(segment.terms).open(at);
        while (postings.nextVersion()) {
          if (gone[postings.version] === 0 && may[scopes[postings.version]!] === 1) return true;
        }
        return false;
      });
    },
  };
}

export type TermCopy = ReturnType<typeof createTermCopy>;

const levelOf = ({ chunks }: TermSegment): number => Math.floor(Math.log(chunks.rowids.length) / Math.log(FAN_IN));

/** The score of the last of the best `limit`; below all where there are fewer. */
function lowestOf(all: readonly Scored[], limit: number): number {
  const best = new Highest(limit);
  let { least } = best;
  for (const { scores, found, count } of all) {
    for (let i = 0; i < count; i++) {
      const chunk = found[i]!;
      if (scores[chunk]! <= least) continue;
      best.offer(chunk, scores[chunk]!);
      least = best.least;
    }
  }
  return least;
}

/** The versions of the chunks that have come to so much. */
function versionsFrom({ segment: { versions, chunks }, scores, found, count }: Scored, lowest: number): Uint8Array {
  const wanted = new Uint8Array(versions.rowids.length);
  for (let i = 0; i < count; i++) if (scores[found[i]!]! >= lowest) wanted[chunks.versions[found[i]!]!] = 1;
  return wanted;
}

/**
 * Only the versions whose chunks can still come among the best, whatever the remaining terms add (MaxScore; Turtle and
 * Flood, 1995): these are the commonest terms, which are in most chunks and worth little.
 */
function pruned(all: readonly Scored[], rest: readonly Weighed[], limit: number): Scored[] {
  const lowest = lowestOf(all, limit) - rest.reduce((sum, { idf }) => sum + idf * (K1 + 1), 0);
  return all.map((scored) => (lowest > 0 ? { ...scored, wanted: versionsFrom(scored, lowest) } : scored));
}

/** The chunks that have come to so much, to be scored with their documents. */
function proposals(scored: Scored, lowest: number): Scored {
  const { segment, scores, found, count } = scored;
  const { versions, chunks } = segment;
  const wanted = new Uint8Array(versions.rowids.length);
  const kept: number[] = [];
  for (let i = 0; i < count; i++) if (scores[found[i]!]! >= lowest) kept.push(found[i]!);
  for (const chunk of kept) {
    const version = chunks.versions[chunk]!;
    wanted[version] = 1;
    scores.fill(0, versions.first[version]!, versions.first[version + 1]!);
  }
  return { ...scored, wanted, found: Uint32Array.from(kept), count: kept.length };
}

function best(all: readonly Scored[], limit: number): Ranked[] {
  const lowest = lowestOf(all, limit);
  const ranked: Ranked[] = [];
  let ties = 0;
  for (const { segment, scores, found } of all) {
    for (const chunk of found) {
      const score = scores[chunk]!;
      if (score < lowest || (score === lowest && ties++ >= limit + MAX_TIES)) continue;
      ranked.push({ rowid: segment.chunks.rowids[chunk]!, score });
    }
  }
  return ranked.sort((a, b) => b.score - a.score);
}
