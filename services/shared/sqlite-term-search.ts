import type { StatementSync } from "node:sqlite";
import { mendedTerms } from "./meant-terms.ts";
import { isMendable } from "./near-words.ts";
import type { Filter } from "./scope-terms.ts";
import { createScopeVerdicts, type ScopeVerdicts } from "./scope-verdicts.ts";
import { soundAlikes } from "./sound-alikes.ts";
import { type LogBounds, logBounds } from "./sqlite-log-bounds.ts";
import { createTermCopy, type Ranked, type TermCopy } from "./term-copy.ts";
import { unpack } from "./term-counts.ts";
import type { CountedVersion } from "./term-segment.ts";
import type { WeightedTerm } from "./tokenize.ts";
import { createWordList, type WordList } from "./word-list.ts";

const MAX_COPIES = 2;
/** So many versions become one segment while a copy is made. */
const BATCH_VERSIONS = 100;
/** Terms that are merged at a time: about a millisecond. */
const TIDY_STEPS = 300;
/** Words near to a misspelt one that are looked up in what the caller may read. */
const MAX_MENDS = 4;

/** The words of a question, and the headings that it may be asking for. */
export type Question = { readonly words: readonly WeightedTerm[]; readonly headings: readonly WeightedTerm[] };
/** A generation's terms in memory, up to what of the tables it has seen. */
type Copy = {
  readonly table: string;
  readonly terms: TermCopy;
  readonly scopes: ScopeVerdicts;
  readonly words: WordList;
  loading: Iterator<undefined, undefined> | undefined;
  seen: number;
  wordsSeen: number;
};

/**
 * The lexical leg of the embedded engine. A copy of the terms in memory follows the tables, and is as they are in the
 * snapshot that it is asked in.
 */
export function openTermSearch(sql: (text: string) => StatementSync) {
  const copies = new Map<number, Copy>();

  const versionAt = (table: string, { scopes }: Copy, rowid: number): CountedVersion | undefined => {
    const version = sql(
      `select v.scope, t.counts from version v join ${table}_version t on t.rowid = v.rowid where v.rowid = ?`,
    ).get(rowid) as { scope: string; counts: unknown } | undefined;
    if (!version) return undefined;
    const chunks = sql(`select rowid, counts from ${table}_chunk where version = ? order by rowid`).all(rowid);
    return {
      ...{ rowid, scope: scopes.numberOf(version.scope), counts: unpack(version.counts) },
      chunks: chunks.map((row) => ({ rowid: row.rowid as number, counts: unpack(row.counts) })),
    };
  };
  const versionsAt = (table: string, copy: Copy, rowids: readonly number[]): CountedVersion[] =>
    rowids.flatMap((rowid) => versionAt(table, copy, rowid) ?? []);
  function* batches(generation: number, table: string, copy: Copy) {
    const all = sql("select rowid from version where generation = ? order by rowid").all(generation);
    const rowids = all.map(({ rowid }) => rowid as number);
    for (let at = 0; at < rowids.length; at += BATCH_VERSIONS) {
      yield versionsAt(table, copy, rowids.slice(at, at + BATCH_VERSIONS));
    }
  }
  /** One that can follow, or a new one that is yet to be loaded. */
  const opened = (generation: number, table: string, { first, last }: LogBounds): Copy => {
    const known = copies.get(generation);
    const follows = known && (last === known.seen || first <= known.seen + 1);
    const copy = follows ? known : emptyCopy(table, last);
    if (!follows) copy.loading = copy.terms.fill(batches(generation, table, copy));
    // The one asked last is the last to go: there is a live one, and perhaps one that replays still ask.
    copies.delete(generation);
    copies.set(generation, copy);
    for (const one of copies.keys()) if (copies.size > MAX_COPIES) copies.delete(one);
    return copy;
  };
  const copyOf = (generation: number, table: string): Copy => {
    const bounds = logBounds(sql, "version_change");
    const copy = opened(generation, table, bounds);
    load(copy, Number.POSITIVE_INFINITY);
    const { last } = bounds;
    if (copy.seen === last) return copy;
    const changed = sql("select distinct version from version_change where seq > ? and generation = ?")
      .all(copy.seen, generation)
      .map(({ version }) => version as number);
    for (const version of changed) copy.terms.remove(version);
    copy.terms.add(versionsAt(table, copy, changed));
    copy.seen = last;
    return copy;
  };
  const followWords = (copy: Copy): void => {
    const added = sql(`select seq, word from ${copy.table}_word where seq > ? order by seq`).all(copy.wordsSeen);
    copy.words.add(added.map(({ word }) => word as string));
    copy.wordsSeen = (added.at(-1)?.seq as number | undefined) ?? copy.wordsSeen;
  };
  const spelledLike = (copy: Copy, term: string): string[] => {
    followWords(copy);
    // A scrub may have forgotten some since they were read.
    const isKept = (word: string): boolean =>
      sql(`select 1 from ${copy.table}_word where word = ?`).get(word) !== undefined;
    return copy.words.near(term).filter(isKept);
  };
  /**
   * A misspelt word and the word of the texts that it was meant to be. Only of texts that the caller may read, or a
   * ranking would tell which words the others hold.
   */
  const mend = (copy: Copy, may: readonly number[], term: string): [string, string][] => {
    const near = isMendable(term) ? spelledLike(copy, term).slice(0, MAX_MENDS) : soundAlikes(term);
    const meant = near.find((word) => copy.terms.has(word, may));
    return meant === undefined ? [] : [[term, meant]];
  };

  return {
    /** Takes over what has been written, which the next search then need not wait for. `held`: generations that are left. */
    follow(held: ReadonlySet<number>): void {
      for (const [generation, { table, loading }] of [...copies]) {
        if (!held.has(generation)) copies.delete(generation);
        else if (!loading) copyOf(generation, table);
      }
    },
    /**
     * Loads a generation for so many milliseconds, so that no search need wait for it: what is written between two calls
     * is followed afterwards. Returns whether there is more to do.
     */
    warm(generation: number, table: string, ms: number): boolean {
      const copy = opened(generation, table, logBounds(sql, "version_change"));
      const isLoaded = load(copy, ms);
      if (isLoaded) followWords(copy);
      return !isLoaded;
    },
    /** Orders what was followed, step by step, which a search need not wait for. Returns whether there is more to do. */
    tidy: (): boolean => [...copies.values()].some(({ terms, loading }) => !loading && terms.tidy(TIDY_STEPS)),
    /** The best `limit` chunks of a generation, and what ties with the last of them. `table` has its terms. */
    search(generation: number, table: string, question: Question, filter: Filter, limit: number): Ranked[] {
      const { words, headings } = question;
      const copy = copyOf(generation, table);
      const { terms, scopes } = copy;
      const averages = averagesOf(sql, table);
      const may = scopes.of(filter);
      const { ranked, unheld } = terms.rank([...words, ...headings], averages, may, limit);
      const slips = words.filter(
        ({ term, isOther, mayBeSlip }) => !isOther && (isMendable(term) || mayBeSlip) && unheld.has(term),
      );
      const mended = new Map(slips.flatMap(({ term }) => mend(copy, may, term)));
      if (mended.size === 0) return ranked;
      return terms.rank([...mendedTerms(words, mended), ...headings], averages, may, limit).ranked;
    },
  };
}

function averagesOf(sql: (text: string) => StatementSync, table: string) {
  const { chunks, chunkWords, versions, versionWords } = sql(
    `select chunks, chunk_words as chunkWords, versions, version_words as versionWords from term_stats where name = ?`,
  ).get(table) as { chunks: number; chunkWords: number; versions: number; versionWords: number };
  return { chunks, chunkWords: chunkWords / chunks, versionWords: versionWords / versions };
}

/** Returns whether it has all. At least one step is done. */
function load(copy: Copy, ms: number): boolean {
  for (const until = performance.now() + ms; copy.loading; ) {
    if (copy.loading.next().done) copy.loading = undefined;
    else if (performance.now() >= until) return false;
  }
  return true;
}

const emptyCopy = (table: string, seen: number): Copy => ({
  ...{ terms: createTermCopy(), scopes: createScopeVerdicts(), words: createWordList() },
  ...{ table, loading: undefined, seen, wordsSeen: 0 },
});
