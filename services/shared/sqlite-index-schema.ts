import type { DatabaseSync } from "node:sqlite";
import { CHUNKER_VERSION } from "./chunk.ts";
import type { Generation } from "./index.ts";
import { rollBack } from "./sqlite-rollback.ts";
import { completeTermTable, createTermTable } from "./sqlite-term-table.ts";
import { createVectorTables } from "./sqlite-vectors.ts";
import { tokenizerVersion } from "./tokenize.ts";

const CHANGES_KEPT = 100_000;

export type GenerationRow = {
  readonly seq: number;
  readonly id: string;
  readonly status: Generation["status"];
  readonly manifest: string;
};

export function createSchema(db: DatabaseSync): void {
  db.exec(`
    create table if not exists generation (seq integer primary key autoincrement, id text unique not null,
      status text not null, manifest text not null);
    create table if not exists chunk (rowid integer primary key, generation integer not null, id text not null,
      document_id text not null, version_id text not null, title text not null, heading_path text not null,
      page integer, start integer not null, end integer not null, text text not null, places text);
    create index if not exists chunk_version on chunk (version_id, generation);
    create table if not exists version (rowid integer primary key, generation integer not null, id text not null,
      unique (generation, id));
    create table if not exists term_stats (name text primary key, chunks integer not null, chunk_words integer not null,
      versions integer not null, version_words integer not null)`);
  createVectorTables(db);
  createChangeLog(db);
  addPlaces(db);
  const known = db.prepare("select seq from generation").all() as { seq: number }[];
  for (const { seq } of known) completeTermTable(db, termTableOf(seq), seq);
  if (known.length > 0) return;
  addGeneration(db, crypto.randomUUID(), "live", { tokenizer: tokenizerVersion, chunker: CHUNKER_VERSION });
}

/** Which versions came or went, so that whoever keeps them in memory hears of it; who misses more reads all again. */
function createChangeLog(db: DatabaseSync): void {
  db.exec(`
    create table if not exists version_change (seq integer primary key autoincrement, generation integer not null,
      version integer not null);
    create trigger if not exists version_comes after insert on version
      begin insert into version_change (generation, version) values (new.generation, new.rowid); end;
    create trigger if not exists version_goes after delete on version
      begin insert into version_change (generation, version) values (old.generation, old.rowid); end;
    delete from version_change where seq <= (select max(seq) from version_change) - ${CHANGES_KEPT}`);
}

/** Files of the first versions know no other places than pages. */
function addPlaces(db: DatabaseSync): void {
  const known = db.prepare("select 1 from pragma_table_info('chunk') where name = 'places'").get();
  if (!known) db.exec("alter table chunk add column places text");
}

export const termTableOf = (seq: number): string => `terms_${seq}`;

export function addGeneration(
  db: DatabaseSync,
  id: string,
  status: Generation["status"],
  manifest: Generation["manifest"],
): void {
  const added = db
    .prepare("insert into generation (id, status, manifest) values (?, ?, ?) returning seq")
    .get(id, status, JSON.stringify(manifest));
  createTermTable(db, termTableOf(added!.seq as number));
}

const REBUILD =
  "Stop Cairn and delete index.db and its companions from the data folder: it is rebuilt from the stored documents.";

/** Throws with what to do when this version cannot search the file. */
export function checkUsable(db: DatabaseSync, { manifest }: GenerationRow): void {
  const { tokenizer } = JSON.parse(manifest) as Record<string, string>;
  if (tokenizer !== tokenizerVersion) {
    throw new Error(
      `The search index was built with the tokenizer ${tokenizer}; this version uses ${tokenizerVersion}. ${REBUILD}`,
    );
  }
  if (db.prepare("select 1 from version where scope is null limit 1").get()) {
    throw new Error(
      `The search index was built by an earlier version, which kept who may read a text elsewhere. ${REBUILD}`,
    );
  }
}

export function transaction(db: DatabaseSync, work: () => void): void {
  db.exec("begin immediate");
  try {
    work();
    db.exec("commit");
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

/** Reads that see the index as it was at the first of them. */
export function snapshot<T>(db: DatabaseSync, read: () => T): T {
  db.exec("begin");
  try {
    return read();
  } finally {
    db.exec("commit");
  }
}
