import type { DatabaseSync, StatementSync } from "node:sqlite";
import { countTerms, type Passage } from "./count-terms.ts";
import { isMendable } from "./near-words.ts";
import { hashOf, termsIn, unpack, wordsOf } from "./term-counts.ts";
import { indexTerms } from "./tokenize.ts";

/** Words that a writer remembers having written down. */
const MAX_KEPT_WORDS = 200_000;

/** A passage and the id of its row. */
export type Placed = Passage & { readonly rowid: number };

export function createTermTable(db: DatabaseSync, name: string): void {
  db.exec(`
    create table ${name}_chunk (rowid integer primary key, version integer not null, counts blob not null);
    create index ${name}_chunk_version on ${name}_chunk (version);
    create table ${name}_version (rowid integer primary key, counts blob not null);
    insert into term_stats (name, chunks, chunk_words, versions, version_words) values ('${name}', 0, 0, 0, 0)`);
  createWordTable(db, name);
}

/** A `seq` is never given twice, so that who keeps the words in memory can follow. */
function createWordTable(db: DatabaseSync, name: string): void {
  db.exec(`create table ${name}_word (seq integer primary key autoincrement, word text unique not null)`);
}

export function dropTermTable(db: DatabaseSync, name: string): void {
  db.exec(`drop table ${name}_chunk; drop table ${name}_version; drop table ${name}_word;
    delete from term_stats where name = '${name}'`);
}

/** What earlier versions made otherwise: a table of FTS5 as well, words in no order that could be followed, or none. */
export function completeTermTable(db: DatabaseSync, name: string, generation: number): void {
  db.exec(`drop table if exists ${name}_vocab; drop table if exists ${name}`);
  const columns = db.prepare("select name from pragma_table_info(?)").all(`${name}_word`);
  if (columns.some((column) => column.name === "seq")) return;
  if (columns.length > 0) {
    db.exec(`alter table ${name}_word rename to ${name}_word_before`);
    createWordTable(db, name);
    db.exec(`insert into ${name}_word (word) select word from ${name}_word_before; drop table ${name}_word_before`);
    return;
  }
  createWordTable(db, name);
  const insert = db.prepare(`insert into ${name}_word (word) values (?) on conflict do nothing`);
  const texts = db.prepare("select title, heading_path, text from chunk where generation = ?");
  for (const { title, heading_path, text } of texts.iterate(generation)) {
    const { words, aids } = indexTerms([title, ...JSON.parse(heading_path as string), text].join("\n"));
    for (const word of [...words, ...aids]) if (isMendable(word)) insert.run(word);
  }
}

/**
 * Forgets the words that no text has any more. Texts keep hashes of their words: of a million words, one in thousands
 * stays because another word has its hash.
 */
export function forgetWords(db: DatabaseSync, name: string): void {
  const held = new Set<number>();
  for (const { counts } of db.prepare(`select counts from ${name}_version`).iterate()) {
    for (const hash of termsIn(unpack(counts))) held.add(hash);
  }
  const forget = db.prepare(`delete from ${name}_word where word = ?`);
  const words = db.prepare(`select word from ${name}_word`).all() as { word: string }[];
  for (const { word } of words) if (!held.has(hashOf(word))) forget.run(word);
}

/** The terms of chunks and of their whole documents, counted, as they are written. `kept`: words known to be there. */
export function termTable(sql: (text: string) => StatementSync, name: string, kept: Set<string>) {
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
  return {
    insert(version: number, placed: readonly Placed[]): void {
      const { whole, passages } = countTerms(placed);
      for (const [i, { counts, words, aids }] of passages.entries()) {
        const { rowid } = placed[i]!;
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
      const chunks = sql(`select counts from ${name}_chunk where version = ?`).all(version);
      sql(`delete from ${name}_chunk where version = ?`).run(version);
      sql(`delete from ${name}_version where rowid = ?`).run(version);
      count(
        -1,
        wordsOf(unpack(whole.counts)),
        chunks.map(({ counts }) => wordsOf(unpack(counts))),
      );
    },
  };
}
