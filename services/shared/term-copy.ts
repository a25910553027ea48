import { inverseDocumentFrequency, K1 } from "./bm25.ts";
import { DOCUMENT_SHARE, MIN_PROPOSALS, type Weighed } from "./bm25f.ts";
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
/** Segments of about one size that become one of the next. */
const FAN_IN = 16;
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
  let merge: Iterator<undefined, undefined> | undefined;

  /** One segment for several that stand side by side, without what is gone. */
  function* replaced(from: number, count: number): Generator<undefined, undefined> {
    const sources = segments.slice(from, from + count);
    const merged = yield* mergeSegments(sources);
    for (const [at, rowid] of merged.versions.rowids.entries()) {
      const isThere = sources.includes(places.get(rowid)?.segment as TermSegment);
      if (isThere) places.set(rowid, { segment: merged, at });
      else markGone(merged, at);
    }
    segments = segments.toSpliced(from, count, ...(merged.versions.rowids.length > 0 ? [merged] : []));
  }
  /** The next merge that is worth the while. */
  const nextMerge = (): Generator<undefined, undefined> | undefined => {
    const from = segments.length - FAN_IN;
    const tail = from < 0 ? [] : segments.slice(from);
    if (tail.length > 0 && tail.every((one) => levelOf(one) <= levelOf(tail.at(-1)!))) return replaced(from, FAN_IN);
    const at = segments.findIndex(({ goneChunks, chunks }) => goneChunks * 2 > chunks.rowids.length);
    return at < 0 ? undefined : replaced(at, 1);
  };
  const remember = (segment: TermSegment): void => {
    for (const [at, rowid] of segment.versions.rowids.entries()) places.set(rowid, { segment, at });
  };
  /** In how many chunks a term is. To count a common one takes as long as to score it, so its share is remembered. */
  const heldBy = (hash: number, chunks: number): number => {
    const known = common.get(hash);
    if (known && Math.abs(known.chunks - chunks) <= chunks * COMMON_DRIFT) return Math.min(known.held, chunks);
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
    const chunks = segments.reduce((sum, segment) => sum + segment.chunks.rowids.length, 0);
    const versions = segments.reduce((sum, segment) => sum + segment.versions.rowids.length, 0);
    if (scores.length < chunks) scores = new Float64Array(chunks * 2);
    if (found.length < versions) {
      found = new Uint32Array(versions * 2);
      isFound = new Uint8Array(versions * 2);
    }
    scores.fill(0, 0, chunks);
    isFound.fill(0, 0, versions);
    let [chunk, version] = [0, 0];
    return segments.map((segment) => {
      const [firstChunk, firstVersion] = [chunk, version];
      chunk += segment.chunks.rowids.length;
      version += segment.versions.rowids.length;
      return {
        ...{ segment, count: 0, wanted: undefined, scores: scores.subarray(firstChunk, chunk) },
        ...{ found: found.subarray(firstVersion, version), isFound: isFound.subarray(firstVersion, version) },
      };
    });
  };

  return {
    /** Many versions, into an empty copy, in steps: a batch each, and then the terms. */
    *fill(batches: Iterable<readonly CountedVersion[]>): Generator<undefined, undefined> {
      for (const versions of batches) {
        this.add(versions);
        yield;
      }
      yield* replaced(0, segments.length);
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
      markGone(place.segment, place.at);
    },
    /**
     * So many steps of what is to be done when nobody waits. Sixteen segments of a size become one of the next, so there
     * are few, and a chunk is seldom moved; what is gone is left out where that is a half. Returns whether there is more
     * to do.
     */
    tidy(steps: number): boolean {
      merge ??= nextMerge();
      for (let left = steps; merge && left > 0; left--) if (merge.next().done) merge = undefined;
      return merge !== undefined || nextMerge() !== undefined;
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
      for (const { scored } of proposed) {
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

function markGone(segment: TermSegment, at: number): void {
  const { gone, first } = segment.versions;
  gone[at] = 1;
  segment.goneChunks += first[at + 1]! - first[at]!;
}

const levelOf = ({ chunks }: TermSegment): number => Math.floor(Math.log(chunks.rowids.length) / Math.log(FAN_IN));

/** The score of the last of the best `limit`; where there are fewer, one that every chunk with a term has. */
function lowestOf(all: readonly Scored[], limit: number): number {
  const best = new Highest(limit);
  let least = Math.max(best.least, 0);
  for (const { segment, scores, found, count } of all) {
    const { first } = segment.versions;
    for (let i = 0; i < count; i++) {
      const end = first[found[i]! + 1]!;
      for (let chunk = first[found[i]!]!; chunk < end; chunk++) {
        if (scores[chunk]! <= least) continue;
        best.offer(chunk, scores[chunk]!);
        least = Math.max(best.least, 0);
      }
    }
  }
  return Math.max(least, Number.MIN_VALUE);
}

/** The versions with a chunk that has come to so much. */
function versionsFrom({ segment, scores, found, count }: Scored, lowest: number): Uint8Array {
  const { rowids, first } = segment.versions;
  const wanted = new Uint8Array(rowids.length);
  for (let i = 0; i < count; i++) {
    const version = found[i]!;
    for (let chunk = first[version]!; chunk < first[version + 1]!; chunk++) {
      if (scores[chunk]! >= lowest) wanted[version] = 1;
    }
  }
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

type Proposed = { readonly scored: Scored; readonly chunks: readonly number[] };

/** The chunks that have come to so much, to be scored with their documents. */
function proposals(scored: Scored, lowest: number): Proposed {
  const { segment, scores, found, count } = scored;
  const { rowids, first } = segment.versions;
  const wanted = new Uint8Array(rowids.length);
  const chunks: number[] = [];
  for (let i = 0; i < count; i++) {
    const version = found[i]!;
    const [begin, end, before] = [first[version]!, first[version + 1]!, chunks.length];
    for (let chunk = begin; chunk < end; chunk++) if (scores[chunk]! >= lowest) chunks.push(chunk);
    if (chunks.length === before) continue;
    wanted[version] = 1;
    scores.fill(0, begin, end);
  }
  return { scored: { ...scored, wanted }, chunks };
}

function best(all: readonly Proposed[], limit: number): Ranked[] {
  const highest = new Highest(limit);
  for (const { scored, chunks } of all) for (const chunk of chunks) highest.offer(chunk, scored.scores[chunk]!);
  const ranked: Ranked[] = [];
  let ties = 0;
  for (const { scored, chunks } of all) {
    for (const chunk of chunks) {
      const score = scored.scores[chunk]!;
      if (score < highest.least || (score === highest.least && ties++ >= limit + MAX_TIES)) continue;
      ranked.push({ rowid: scored.segment.chunks.rowids[chunk]!, score });
    }
  }
  return ranked.sort((a, b) => b.score - a.score);
}
