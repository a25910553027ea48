import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { inverseDocumentFrequency, normalisedFrequency } from "./bm25.ts";
import { bm25f, type Weighed as ScoredTerm } from "./bm25f.ts";
import { countTerms, type Passage } from "./count-terms.ts";
import { mendedTerms } from "./meant-terms.ts";
import { isMendable, lengthsNear, nearestWords } from "./near-words.ts";
import { type Filter, matchOf } from "./scope-terms.ts";
import { soundAlikes } from "./sound-alikes.ts";
import { frequencyIn, hashOf, unpack, wordsOf } from "./term-counts.ts";
import type { WeightedTerm } from "./tokenize.ts";

/** FTS5 proposes at least so many chunks, which are then scored exactly. */
const MIN_PROPOSALS = 200;
/** Weights of words, aids and scope in FTS5's own ranking. */
const PROPOSAL_RANK = "bm25(1.0, 0.3, 0.0)";
/** What a question's lightest terms may weigh together, of its whole weight, for them to propose nothing by themselves. */
const COMMON_SHARE = 0.4;
/** Chunks have several of the terms: so many times more must hold one than are wanted. */
const OVERLAP = 2;
/** Words that a writer remembers having written down. */
const MAX_KEPT_WORDS = 200_000;
/** Chunks that hold a term for it to be remembered as common, and how many more or fewer chunks in all change nothing. */
const COMMON_FROM = 1000;
const COMMON_DRIFT = 0.01;
const MAX_COMMON = 20_000;
/** Words near to a misspelt one that are looked up in what the caller may read. */
const MAX_MENDS = 4;

/** `isMendable` in SQL, with more short words, which no search asks for. */
const IS_WORD = "term not glob '*[^a-z]*'";

/** The words of a question, and the headings that it may be asking for. */
export type Question = { readonly words: readonly WeightedTerm[]; readonly headings: readonly WeightedTerm[] };
export type Ranked = { readonly rowid: number; readonly score: number };
/** A passage and the id of its row. */
export type Placed = Passage & { readonly rowid: number };
type Weighed = ScoredTerm & { readonly held: number };
/** What one process remembers of a table from call to call. */
export type Remembered = {
  /** Words that the table has for certain. */
  readonly kept: Set<string>;
  /** In how many chunks a common term is, of how many there were. */
  readonly common: Map<string, { readonly held: number; readonly chunks: number }>;
};
type Stats = { chunks: number; chunkWords: number; versions: number; versionWords: number };

export function createTermTable(db: DatabaseSync, name: string): void {
  // Texts arrive as terms already; FTS5's tokenizer only has to keep what ours made in one piece.
  db.exec(`
    create virtual table ${name} using fts5(words, aids, scope, content='', contentless_delete=1,
      tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'");
    create virtual table ${name}_vocab using fts5vocab(${name}, 'row');
    create table ${name}_chunk (rowid integer primary key, version integer not null, counts blob not null);
    create index ${name}_chunk_version on ${name}_chunk (version);
    create table ${name}_version (rowid integer primary key, counts blob not null);
    create table ${name}_word (word text primary key) without rowid;
    insert into term_stats (name, chunks, chunk_words, versions, version_words) values ('${name}', 0, 0, 0, 0)`);
}

export function dropTermTable(db: DatabaseSync, name: string): void {
  db.exec(`drop table ${name}_vocab; drop table ${name}; drop table ${name}_chunk; drop table ${name}_version;
    drop table if exists ${name}_word;
    delete from term_stats where name = '${name}'`);
}

/** Merges all segments into one, which leaves out what was removed, and forgets words that no text has any more. */
export function optimiseTermTable(db: DatabaseSync, name: string): void {
  db.exec(`insert into ${name} (${name}) values ('optimize'); delete from ${name}_word;
    insert into ${name}_word select term from ${name}_vocab where ${IS_WORD}`);
}

/** An index that was made before it kept its words by themselves gets them from its terms. */
export function completeTermTable(db: DatabaseSync, name: string): void {
  if (db.prepare("select 1 from sqlite_schema where name = ?").get(`${name}_word`)) return;
  db.exec(`create table ${name}_word (word text primary key) without rowid;
    insert into ${name}_word select term from ${name}_vocab where ${IS_WORD}`);
}

/**
 * Chunks by their terms. FTS5 finds them, filter included; BM25F over two fields, the passage and its whole document,
 * ranks them in our code. FTS5's own function knows one field only, gives words of more than half of the rows no
 * weight and counts aids as length, and a passage alone does not show what its document is about.
 */
export function termTable(sql: (text: string) => StatementSync, name: string, { kept, common }: Remembered) {
  const keepWord = (word: string): void => {
    if (kept.has(word) || !isMendable(word)) return;
    if (kept.size >= MAX_KEPT_WORDS) kept.clear();
    sql(`insert into ${name}_word (word) values (?) on conflict do nothing`).run(word);
    kept.add(word);
  };
  const count = (sign: 1 | -1, versionWords: number, chunkWords: readonly number[]): void => {
    sql(`update term_stats set chunks = chunks + ?, chunk_words = chunk_words + ?, versions = versions + ?,
      version_words = version_words + ? where name = ?`).run(
      ...[sign * chunkWords.length, sign * chunkWords.reduce((sum, words) => sum + words, 0)],
      ...[sign, sign * versionWords, name],
    );
  };
  /** How many chunks hold a term. To count a common one takes as long as to find it, so its share is remembered. */
  const heldBy = (term: string, { chunks }: Stats): number => {
    const known = common.get(term);
    if (known && Math.abs(known.chunks - chunks) <= chunks * COMMON_DRIFT) return known.held;
    const row = sql(`select doc from ${name}_vocab where term = ?`).get(term) as { doc: number } | undefined;
    const held = row?.doc ?? 0;
    if (held < COMMON_FROM) return held;
    if (common.size >= MAX_COMMON) common.clear();
    common.set(term, { held, chunks });
    return held;
  };
  const weigh = ({ term, weight }: WeightedTerm, stats: Stats): Weighed => {
    const held = heldBy(term, stats);
    return { term, held, hash: hashOf(term), idf: weight * inverseDocumentFrequency(stats.chunks, held) };
  };
  const propose = (terms: readonly Weighed[], filter: Filter, limit: number) =>
    sql(
      `select c.rowid as rowid, c.version as version, c.counts as counts from
         (select rowid from ${name} where ${name} match ? and rank match '${PROPOSAL_RANK}' order by rank limit ?) p
       join ${name}_chunk c on c.rowid = p.rowid`,
    ).all(matchOf(terms, filter), Math.max(limit, MIN_PROPOSALS));
  const spelledLike = (term: string): string[] => {
    const from = term[0]!;
    const words = sql(`select word from ${name}_word where word >= ? and word < ? and length(word) between ? and ?`);
    return nearestWords(
      term,
      words.all(from, nextLetter(from), ...lengthsNear(term)).map(({ word }) => word as string),
    );
  };
  const soundingLike = (term: string): string[] => {
    const held = sql(`select doc from ${name}_vocab where term = ?`);
    const known = soundAlikes(term).map((word) => ({ word, chunks: (held.get(word)?.doc ?? 0) as number }));
    return known
      .filter(({ chunks }) => chunks > 0)
      .sort((a, b) => b.chunks - a.chunks)
      .map(({ word }) => word);
  };
  /**
   * A misspelt word and the word of the texts that it was meant to be. Only of texts that the caller may read, or a
   * ranking would tell which words the others hold.
   */
  const mend = (term: string, filter: Filter): [string, string][] => {
    const near = isMendable(term) ? spelledLike(term) : soundingLike(term);
    const readable = sql(`select 1 from ${name} where ${name} match ? limit 1`);
    const meant = near.slice(0, MAX_MENDS).find((word) => readable.get(matchOf([{ term: word }], filter)));
    return meant === undefined ? [] : [[term, meant]];
  };
  const rank = (
    words: readonly WeightedTerm[],
    headings: readonly WeightedTerm[],
    filter: Filter,
    limit: number,
  ): { ranked: Ranked[]; unheld: string[] } => {
    const stats = sql(
      `select chunks, chunk_words as chunkWords, versions, version_words as versionWords from term_stats
        where name = ?`,
    ).get(name) as Stats;
    const plain = words.map((term) => weigh(term, stats));
    const whole = headings.map((term) => weigh(term, stats)).filter(({ held }) => held > 0);
    const weighted = [...plain, ...whole];
    const [averageChunk, averageVersion] = [stats.chunkWords / stats.chunks, stats.versionWords / stats.versions];
    const { kept: asked, rest } = selective(plain, limit);
    let proposals = propose([...asked, ...whole], filter, limit);
    // Few of them are the caller's to read: the next lighter terms propose too, the commonest only where all must.
    for (let more = 1; proposals.length < limit && rest.length > 0; more *= 2) {
      asked.push(...rest.splice(0, more));
      proposals = propose([...asked, ...whole], filter, limit);
    }
    const documents = new Map<unknown, readonly number[]>();
    const inDocument = (version: SQLOutputValue | undefined): readonly number[] => {
      const known = documents.get(version);
      if (known) return known;
      const counts = unpack(sql(`select counts from ${name}_version where rowid = ?`).get(version!)?.counts);
      const found = weighted.map(({ hash }) =>
        normalisedFrequency(frequencyIn(counts, hash), wordsOf(counts), averageVersion),
      );
      documents.set(version, found);
      return found;
    };
    const ranked = proposals.map(({ rowid, version, counts }) => {
      const score = bm25f(weighted, inDocument(version), unpack(counts), averageChunk);
      return { rowid: rowid as number, score };
    });
    ranked.sort((a, b) => b.score - a.score);
    const lowest = ranked[limit - 1]?.score ?? 0;
    const unheld = plain.filter(
      ({ term }, i) =>
        (isMendable(term) || words[i]!.mayBeSlip) &&
        !words[i]!.isOther &&
        ![...documents.values()].some((found) => found[i]! > 0),
    );
    return { ranked: ranked.filter(({ score }) => score >= lowest), unheld: unheld.map(({ term }) => term) };
  };
  return {
    insert(version: number, placed: readonly Placed[], scope: string): void {
      const { whole, passages } = countTerms(placed);
      for (const [i, { counts, words, aids }] of passages.entries()) {
        const { rowid } = placed[i]!;
        sql(`insert into ${name} (rowid, words, aids, scope) values (?, ?, ?, ?)`).run(
          ...[rowid, words.join(" "), aids.join(" "), scope],
        );
        sql(`insert into ${name}_chunk (rowid, version, counts) values (?, ?, ?)`).run(rowid, version, counts.pack());
        words.forEach(keepWord);
        aids.forEach(keepWord);
      }
      sql(`insert into ${name}_version (rowid, counts) values (?, ?)`).run(version, whole.pack());
      count(
        1,
        whole.words,
        passages.map(({ counts }) => counts.words),
      );
    },
    remove(version: number): void {
      const whole = sql(`select counts from ${name}_version where rowid = ?`).get(version);
      if (!whole) return;
      const chunks = sql(`select rowid, counts from ${name}_chunk where version = ?`).all(version);
      for (const { rowid } of chunks) sql(`delete from ${name} where rowid = ?`).run(rowid!);
      sql(`delete from ${name}_chunk where version = ?`).run(version);
      sql(`delete from ${name}_version where rowid = ?`).run(version);
      count(
        -1,
        wordsOf(unpack(whole.counts)),
        chunks.map(({ counts }) => wordsOf(unpack(counts))),
      );
    },
    /** The best `limit`, and whatever ties with the last of them: row ids say nothing about order. */
    search(question: Question, filter: Filter, limit: number): Ranked[] {
      const { words, headings } = question;
      const { ranked, unheld } = rank(words, headings, filter, limit);
      const mended = new Map(unheld.flatMap((term) => mend(term, filter)));
      if (mended.size === 0) return ranked;
      return rank(mendedTerms(words, mended), headings, filter, limit).ranked;
    },
  };
}

const nextLetter = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) + 1);

/**
 * Without the lightest terms, which are the commonest and cost most of a search's time: a chunk that has these only
 * could not come near one that has the others (as in MaxScore; Turtle and Flood, 1995). Enough chunks must remain.
 */
function selective(terms: readonly Weighed[], limit: number): { kept: Weighed[]; rest: Weighed[] } {
  const kept = terms.toSorted((a, b) => b.idf - a.idf);
  const rest: Weighed[] = [];
  let weight = COMMON_SHARE * terms.reduce((sum, { idf }) => sum + idf, 0);
  let held = terms.reduce((sum, term) => sum + term.held, 0);
  for (let last = kept.at(-1); last && last.idf <= weight && held - last.held >= limit * OVERLAP; last = kept.at(-1)) {
    rest.unshift(last);
    kept.pop();
    weight -= last.idf;
    held -= last.held;
  }
  return { kept, rest };
}
