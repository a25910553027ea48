import { Postings, PostingsWriter } from "./postings.ts";
import { frequenciesIn, termsIn, wordsOf } from "./term-counts.ts";

/** A document version as its rows keep it. `scope` is the number of who may read it. */
export type CountedVersion = {
  readonly rowid: number;
  readonly scope: number;
  readonly counts: Uint32Array;
  readonly chunks: readonly { readonly rowid: number; readonly counts: Uint32Array }[];
};

/**
 * The terms of some versions, in memory, never changed but for what is gone; their terms find chunks. Versions and
 * chunks are counted within the segment, in order, those of a version side by side.
 */
export type TermSegment = {
  readonly versions: {
    readonly rowids: Float64Array;
    readonly scopes: Uint32Array;
    readonly words: Uint32Array;
    /** Where its chunks begin; one more than there are versions. */
    readonly first: Uint32Array;
    /** 1 where it has been removed since. */
    readonly gone: Uint8Array;
  };
  readonly chunks: { readonly rowids: Float64Array; readonly words: Uint32Array; readonly versions: Uint32Array };
  readonly terms: {
    /** Sorted. */
    readonly hashes: Uint32Array;
    /** Where the postings of each begin; one more than there are terms. */
    readonly starts: Uint32Array;
    /** In how many chunks each is, with those that are gone. */
    readonly held: Uint32Array;
    /** The last version that has it. */
    readonly last: Uint32Array;
    readonly postings: Uint8Array;
  };
  goneChunks: number;
};

const RADIX_BITS = 11;
const RADIX = 1 << RADIX_BITS;

export function buildSegment(versions: readonly CountedVersion[]): TermSegment {
  const empty = emptySegment(
    versions.length,
    versions.reduce((sum, { chunks }) => sum + chunks.length, 0),
  );
  const { hashes, chunks, frequencies } = flattened(versions);
  const wholes = versions.map(({ counts }) => ({ terms: termsIn(counts), times: frequenciesIn(counts) }));
  const reached = new Uint32Array(versions.length);
  let chunk = 0;
  for (const [i, version] of versions.entries()) {
    placeVersion(empty, i, { ...version, words: wordsOf(version.counts), first: chunk });
    for (const { rowid, counts } of version.chunks) {
      empty.chunks.versions[chunk] = i;
      empty.chunks.rowids[chunk] = rowid;
      empty.chunks.words[chunk] = wordsOf(counts);
      chunk += 1;
    }
  }
  empty.versions.first[versions.length] = chunk;

  const order = orderOf(hashes);
  const writer = new PostingsWriter(wholes.reduce((sum, { terms }) => sum + terms.length, 0));
  for (let at = 0; at < order.length; ) {
    const hash = hashes[order[at]!]!;
    writer.beginTerm(hash);
    while (at < order.length && hashes[order[at]!] === hash) {
      const version = empty.chunks.versions[chunks[order[at]!]!]!;
      const end = empty.versions.first[version + 1]!;
      let next = at + 1;
      while (next < order.length && hashes[order[next]!] === hash && chunks[order[next]!]! < end) next += 1;
      // A version has every term of its chunks, in the same order.
      const { terms, times } = wholes[version]!;
      while (terms[reached[version]!]! < hash) reached[version]! += 1;
      const held = next - at;
      for (; at < next; at++) {
        writer.chunk(chunks[order[at]!]! - empty.versions.first[version]!, frequencies[order[at]!]!);
      }
      writer.endVersion(version, times[reached[version]!]!, held);
    }
  }
  return { ...empty, terms: writer.finish() };
}

/**
 * One segment of the versions of several that are not gone, in the same order. A step is a term, and versions that go
 * between two steps are in it.
 */
export function* mergeSegments(sources: readonly TermSegment[]): Generator<undefined, TermSegment> {
  const segments = sources.map((one) => ({ ...one, versions: { ...one.versions, gone: one.versions.gone.slice() } }));
  const alive = segments.map(({ versions: { gone } }) => gone.reduce((sum, isGone) => sum + 1 - isGone, 0));
  const merged = emptySegment(
    alive.reduce((sum, count) => sum + count, 0),
    segments.reduce((sum, { chunks, goneChunks }) => sum + chunks.rowids.length - goneChunks, 0),
  );
  const moved = segments.map(({ versions }) => new Uint32Array(versions.rowids.length));
  let [version, chunk] = [0, 0];
  for (const [s, { versions, chunks }] of segments.entries()) {
    for (let i = 0; i < versions.rowids.length; i++) {
      if (versions.gone[i] === 1) continue;
      const [begin, end] = [versions.first[i]!, versions.first[i + 1]!];
      const [rowid, scope, words] = [versions.rowids[i]!, versions.scopes[i]!, versions.words[i]!];
      placeVersion(merged, version, { rowid, scope, words, first: chunk });
      merged.chunks.rowids.set(chunks.rowids.subarray(begin, end), chunk);
      merged.chunks.words.set(chunks.words.subarray(begin, end), chunk);
      merged.chunks.versions.fill(version, chunk, chunk + end - begin);
      moved[s]![i] = version;
      version += 1;
      chunk += end - begin;
    }
  }
  merged.versions.first[version] = chunk;

  const writer = new PostingsWriter(segments.reduce((sum, { terms }) => sum + terms.hashes.length, 0));
  const at = new Uint32Array(segments.length);
  const heads = Float64Array.from(segments, ({ terms }) => terms.hashes[0] ?? Number.POSITIVE_INFINITY);
  const readers = segments.map((segment) => new Postings(segment.terms));
  for (;;) {
    let hash = Number.POSITIVE_INFINITY;
    for (let s = 0; s < heads.length; s++) if (heads[s]! < hash) hash = heads[s]!;
    if (hash === Number.POSITIVE_INFINITY) return { ...merged, terms: writer.finish() };
    yield;
    writer.beginTerm(hash);
    for (let s = 0; s < heads.length; s++) {
      if (heads[s] !== hash) continue;
      const { terms, versions, goneChunks } = segments[s]!;
      if (goneChunks === 0) writer.append(terms, at[s]!, moved[s]![0]!);
      else moveTerm(readers[s]!.open(at[s]!), writer, versions.gone, moved[s]!);
      at[s]! += 1;
      heads[s] = at[s]! < terms.hashes.length ? terms.hashes[at[s]!]! : Number.POSITIVE_INFINITY;
    }
  }
}

function moveTerm(from: Postings, to: PostingsWriter, gone: Uint8Array, moved: Uint32Array): void {
  while (from.nextVersion()) {
    if (gone[from.version] === 1) continue;
    for (let i = 0; i < from.held; i++) {
      from.nextChunk();
      to.chunk(from.chunk, from.chunkFrequency);
    }
    to.endVersion(moved[from.version]!, from.frequency, from.held);
  }
}

/** Where a term stands in a segment, or -1. */
export function termAt({ terms: { hashes } }: TermSegment, hash: number): number {
  for (let low = 0, high = hashes.length - 1; low <= high; ) {
    const middle = (low + high) >>> 1;
    const found = hashes[middle]!;
    if (found === hash) return middle;
    if (found < hash) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** In how many chunks of a segment a term is. */
export function heldIn(segment: TermSegment, hash: number): number {
  const term = termAt(segment, hash);
  if (term < 0) return 0;
  if (segment.goneChunks === 0) return segment.terms.held[term]!;
  const postings = new Postings(segment.terms).open(term);
  let held = 0;
  while (postings.nextVersion()) {
    if (segment.versions.gone[postings.version] === 0) held += postings.held;
  }
  return held;
}

function emptySegment(versions: number, chunks: number): TermSegment {
  return {
    versions: {
      rowids: new Float64Array(versions),
      scopes: new Uint32Array(versions),
      words: new Uint32Array(versions),
      first: new Uint32Array(versions + 1),
      gone: new Uint8Array(versions),
    },
    chunks: {
      rowids: new Float64Array(chunks),
      words: new Uint32Array(chunks),
      versions: new Uint32Array(chunks),
    },
    terms: new PostingsWriter(0).finish(),
    goneChunks: 0,
  };
}

function placeVersion(
  { versions }: TermSegment,
  at: number,
  { rowid, scope, words, first }: { rowid: number; scope: number; words: number; first: number },
): void {
  versions.rowids[at] = rowid;
  versions.scopes[at] = scope;
  versions.words[at] = words;
  versions.first[at] = first;
}

/** Every term of every chunk, chunk by chunk. */
function flattened(versions: readonly CountedVersion[]) {
  const all = versions.flatMap(({ chunks }) => chunks.map(({ counts }) => counts));
  const total = all.reduce((sum, counts) => sum + termsIn(counts).length, 0);
  const hashes = new Uint32Array(total);
  const chunks = new Uint32Array(total);
  const frequencies = new Uint32Array(total);
  let at = 0;
  for (const [chunk, counts] of all.entries()) {
    const terms = termsIn(counts);
    hashes.set(terms, at);
    frequencies.set(frequenciesIn(counts), at);
    chunks.fill(chunk, at, at + terms.length);
    at += terms.length;
  }
  return { hashes, chunks, frequencies };
}

/** The positions of keys in their order; equal ones stay as they stood. A radix sort: the keys are hashes. */
function orderOf(keys: Uint32Array): Uint32Array {
  let order = Uint32Array.from({ length: keys.length }, (_, i) => i);
  let next = new Uint32Array(keys.length);
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    const ends = new Uint32Array(RADIX);
    for (const key of keys) ends[(key >>> shift) & (RADIX - 1)]! += 1;
    for (let digit = 1; digit < RADIX; digit++) ends[digit]! += ends[digit - 1]!;
    for (let i = order.length - 1; i >= 0; i--) {
      const digit = (keys[order[i]!]! >>> shift) & (RADIX - 1);
      ends[digit]! -= 1;
      next[ends[digit]!] = order[i]!;
    }
    [order, next] = [next, order];
  }
  return order;
}
