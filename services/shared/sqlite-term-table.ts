import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { bm25, inverseDocumentFrequency, normalisedFrequency } from "./bm25.ts";
import { type Filter, matchOf } from "./scope-terms.ts";
import { type IndexTerms, indexTerms, type WeightedTerm } from "./tokenize.ts";

/** FTS5 proposes at least so many chunks, which are then scored exactly. */
const MIN_PROPOSALS = 200;
/** Weights of words, aids and scope in FTS5's own ranking. */
const PROPOSAL_RANK = "bm25(1.0, 0.3, 0.0)";
/** What a question's lightest terms may weigh together, of its whole weight, for them to propose nothing by themselves. */
const COMMON_SHARE = 0.4;
/** Chunks have several of the terms: so many times more must hold one than are wanted. */
const OVERLAP = 2;
/** How much of a term's frequency is that of the whole document, beside that of the passage itself. */
const DOCUMENT_SHARE = 0.6;

export type Ranked = { readonly rowid: number; readonly score: number };
export type Passage = { readonly rowid: number; readonly heading: string; readonly text: string };
type Weighed = { readonly term: string; readonly held: number; readonly hash: number; readonly idf: number };
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
    insert into term_stats (name, chunks, chunk_words, versions, version_words) values ('${name}', 0, 0, 0, 0)`);
}

export function dropTermTable(db: DatabaseSync, name: string): void {
  db.exec(`drop table ${name}_vocab; drop table ${name}; drop table ${name}_chunk; drop table ${name}_version;
    delete from term_stats where name = '${name}'`);
}

/**
 * Chunks by their terms. FTS5 finds them, filter included; BM25F over two fields, the passage and its whole document,
 * ranks them in our code. FTS5's own function knows one field only, gives words of more than half of the rows no
 * weight and counts aids as length, and a passage alone does not show what its document is about.
 */
export function termTable(sql: (text: string) => StatementSync, name: string) {
  const count = (sign: 1 | -1, versionWords: number, chunkWords: readonly number[]): void => {
    sql(`update term_stats set chunks = chunks + ?, chunk_words = chunk_words + ?, versions = versions + ?,
      version_words = version_words + ? where name = ?`).run(
      ...[sign * chunkWords.length, sign * chunkWords.reduce((sum, words) => sum + words, 0)],
      ...[sign, sign * versionWords, name],
    );
  };
  const weigh = ({ term, weight }: WeightedTerm, { chunks }: Stats): Weighed => {
    const row = sql(`select doc from ${name}_vocab where term = ?`).get(term) as { doc: number } | undefined;
    const held = row?.doc ?? 0;
    return { term, held, hash: hashOf(term), idf: weight * inverseDocumentFrequency(chunks, held) };
  };
  const propose = (terms: readonly Weighed[], filter: Filter, limit: number) =>
    sql(
      `select c.rowid as rowid, c.version as version, c.counts as counts from
         (select rowid from ${name} where ${name} match ? and rank match '${PROPOSAL_RANK}' order by rank limit ?) p
       join ${name}_chunk c on c.rowid = p.rowid`,
    ).all(matchOf(terms, filter), Math.max(limit, MIN_PROPOSALS));
  return {
    insert(version: number, passages: readonly Passage[], scope: string): void {
      const headings = new Map<string, IndexTerms>();
      const whole = new Counts();
      const chunkWords = passages.map(({ rowid, heading, text }) => {
        const body = indexTerms(text);
        const head = headings.get(heading) ?? indexTerms(heading);
        const counts = new Counts().add(head).add(body);
        sql(`insert into ${name} (rowid, words, aids, scope) values (?, ?, ?, ?)`).run(
          ...[rowid, [...head.words, ...body.words].join(" "), [...head.aids, ...body.aids].join(" "), scope],
        );
        sql(`insert into ${name}_chunk (rowid, version, counts) values (?, ?, ?)`).run(rowid, version, counts.pack());
        headings.set(heading, head);
        whole.add(body);
        return counts.words;
      });
      for (const head of headings.values()) whole.add(head);
      sql(`insert into ${name}_version (rowid, counts) values (?, ?)`).run(version, whole.pack());
      count(1, whole.words, chunkWords);
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
    search(terms: readonly WeightedTerm[], filter: Filter, limit: number): Ranked[] {
      const stats = sql(
        `select chunks, chunk_words as chunkWords, versions, version_words as versionWords from term_stats
          where name = ?`,
      ).get(name) as Stats;
      const weighted = terms.map((term) => weigh(term, stats));
      const [averageChunk, averageVersion] = [stats.chunkWords / stats.chunks, stats.versionWords / stats.versions];
      let proposals = propose(selective(weighted, limit), filter, limit);
      if (proposals.length < limit) proposals = propose(weighted, filter, limit);
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
        const passage = unpack(counts);
        let score = 0;
        for (const [i, frequency] of inDocument(version).entries()) {
          if (frequency === 0) continue; // so no passage of it has the term either
          const { hash, idf } = weighted[i]!;
          const inPassage = normalisedFrequency(frequencyIn(passage, hash), wordsOf(passage), averageChunk);
          score += bm25(idf, DOCUMENT_SHARE * frequency + (1 - DOCUMENT_SHARE) * inPassage);
        }
        return { rowid: rowid as number, score };
      });
      ranked.sort((a, b) => b.score - a.score);
      const lowest = ranked[limit - 1]?.score ?? 0;
      return ranked.filter(({ score }) => score >= lowest);
    },
  };
}

/**
 * Without the lightest terms, which are the commonest and cost most of a search's time: a chunk that has these only
 * could not come near one that has the others (as in MaxScore; Turtle and Flood, 1995). Enough chunks must remain.
 */
function selective(terms: readonly Weighed[], limit: number): Weighed[] {
  const kept = terms.toSorted((a, b) => b.idf - a.idf);
  let weight = COMMON_SHARE * terms.reduce((sum, { idf }) => sum + idf, 0);
  let held = terms.reduce((sum, term) => sum + term.held, 0);
  for (let last = kept.at(-1); last && last.idf <= weight && held - last.held >= limit * OVERLAP; last = kept.at(-1)) {
    kept.pop();
    weight -= last.idf;
    held -= last.held;
  }
  return kept;
}

/** How often each term occurs, by its hash, packed: number of words, sorted hashes, frequencies in the same order. */
class Counts {
  words = 0;
  readonly #frequencies = new Map<number, number>();

  add({ words, aids }: IndexTerms): this {
    this.words += words.length;
    for (const hash of [...words, ...aids].map(hashOf)) {
      this.#frequencies.set(hash, (this.#frequencies.get(hash) ?? 0) + 1);
    }
    return this;
  }
  pack(): Uint8Array {
    const hashes = Uint32Array.from(this.#frequencies.keys()).sort();
    const packed = new Uint32Array(1 + 2 * hashes.length);
    packed[0] = this.words;
    packed.set(hashes, 1);
    for (const [i, hash] of hashes.entries()) packed[1 + hashes.length + i] = this.#frequencies.get(hash)!;
    return new Uint8Array(packed.buffer);
  }
}

function unpack(blob: unknown): Uint32Array {
  const { buffer, byteOffset, byteLength } = blob as Uint8Array;
  return new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT);
}

const wordsOf = (counts: Uint32Array): number => counts[0]!;

function frequencyIn(counts: Uint32Array, hash: number): number {
  const size = (counts.length - 1) / 2;
  for (let low = 1, high = size; low <= high; ) {
    const middle = (low + high) >>> 1;
    const found = counts[middle]!;
    if (found === hash) return counts[middle + size]!;
    if (found < hash) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}

/** FNV-1a, 32 bits. Two terms of one text and a question collide once in millions; only the order could change. */
function hashOf(term: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < term.length; i++) hash = Math.imul(hash ^ term.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
