import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Chunk } from "./chunk.ts";
import { sha256 } from "./digest.ts";
import type { Filing, Generation, Hit, Legs } from "./index.ts";
import { queryTerms, tokenize, tokenizerVersion } from "./tokenize.ts";

const BUSY_TIMEOUT_MS = 5000;
const CHUNKER_VERSION = "structure/1";
/** A question of more terms is a pasted text; the rarest of its first terms decide anyway. */
const MAX_TERMS = 96;
/** bm25 weights of the columns heading, body and scope. The scope filters and must not rank. */
const WEIGHTS = "1.6, 1.0, 0.0";

export type Entry = { readonly filing: Filing; readonly versionId: string; readonly chunks: readonly Chunk[] };
/** `SearchScope` without its brand, which does not cross threads. */
export type Filter = {
  readonly tenant: string;
  readonly acl: readonly string[];
  readonly collections: readonly string[] | undefined;
};

export type Store = ReturnType<typeof openStore>;
type GenerationRow = { seq: number; id: string; status: Generation["status"]; manifest: string };
type ChunkRow = Omit<Record<keyof Chunk, string>, "start" | "end" | "page"> & {
  rowid: number;
  start: number;
  end: number;
  page: number | null;
  heading_path: string;
  document_id: string;
  version_id: string;
};

/**
 * The index file, synchronously: runs inside a worker. Chunks are kept as rows; for each generation an FTS5 table
 * holds their terms and, in a column of its own, who may find them, so that the filter is part of the MATCH.
 */
export function openStore(path: string) {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  db.exec("pragma journal_mode = wal; pragma synchronous = normal");
  transaction(db, () => createSchema(db));
  const prepared = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = prepared.get(text) ?? db.prepare(text);
    prepared.set(text, known);
    return known;
  };
  const generations = (): GenerationRow[] => sql("select * from generation order by seq").all() as GenerationRow[];
  const live = (): GenerationRow => generations().find(({ status }) => status === "live")!;
  checkTokenizer(live());

  const removeFrom = (seq: number, versionId: string): void => {
    const owned = "select rowid from chunk where version_id = ? and generation = ?";
    sql(`delete from fts_${seq} where rowid in (${owned})`).run(versionId, seq);
    sql("delete from chunk where version_id = ? and generation = ?").run(versionId, seq);
  };
  const insertTerms = (
    seq: number,
    rowid: number | bigint,
    chunk: Pick<Chunk, "title" | "headingPath" | "text">,
    filing: Filing,
  ): void => {
    const heading = tokenize([chunk.title, ...chunk.headingPath].join("\n")).join(" ");
    const body = tokenize(chunk.text).join(" ");
    sql(`insert into fts_${seq} (rowid, heading, body, scope) values (?, ?, ?, ?)`).run(
      rowid,
      heading,
      body,
      scopeOfFiling(filing),
    );
  };

  return {
    writeAll(batch: readonly Entry[]): void {
      transaction(db, () => {
        for (const { seq } of generations().filter(({ status }) => status !== "retired")) {
          for (const { filing, versionId, chunks } of batch) {
            removeFrom(seq, versionId);
            for (const chunk of chunks) {
              const { lastInsertRowid } = sql(
                `insert into chunk (generation, id, document_id, version_id, title, heading_path, page, start, end, text)
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
              ).run(
                seq,
                chunk.id,
                chunk.documentId,
                versionId,
                chunk.title,
                JSON.stringify(chunk.headingPath),
                chunk.page ?? null,
                chunk.start,
                chunk.end,
                chunk.text,
              );
              insertTerms(seq, lastInsertRowid, chunk, filing);
            }
          }
        }
      });
    },
    refile(versionId: string, filing: Filing): void {
      transaction(db, () => {
        for (const { seq } of generations()) {
          const rows = sql("select * from chunk where version_id = ? and generation = ?").all(
            versionId,
            seq,
          ) as ChunkRow[];
          for (const row of rows) {
            sql(`delete from fts_${seq} where rowid = ?`).run(row.rowid);
            insertTerms(seq, row.rowid, chunkOf(row), filing);
          }
        }
      });
    },
    remove(versionIds: readonly string[]): void {
      transaction(db, () => {
        for (const { seq } of generations()) for (const versionId of versionIds) removeFrom(seq, versionId);
      });
    },
    search(question: string, filter: Filter, limit: number): Legs {
      const { seq, id } = live();
      const terms = queryTerms(question).slice(0, MAX_TERMS);
      const closed = filter.acl.length === 0 || filter.collections?.length === 0;
      if (terms.length === 0 || closed) return { generation: id, legs: { lexical: [] } };
      const found = sql(
        `select rowid, rank as score from fts_${seq} where fts_${seq} match ? and rank match 'bm25(${WEIGHTS})'
         order by rank limit ?`,
      ).all(matchOf(terms, filter), limit) as { rowid: number; score: number }[];
      const hits: Hit[] = found.map(({ rowid, score }) => ({
        chunk: chunkOf(sql("select * from chunk where rowid = ?").get(rowid) as ChunkRow),
        score: -score,
      }));
      hits.sort((a, b) => b.score - a.score || (a.chunk.id < b.chunk.id ? -1 : 1));
      return { generation: id, legs: { lexical: hits } };
    },
    versions(): string[] {
      const rows = sql("select distinct version_id as id from chunk where generation = ?").all(live().seq) as {
        id: string;
      }[];
      return rows.map(({ id }) => id);
    },
    generations: (): Generation[] =>
      generations().map(({ id, status, manifest }) => ({ id, status, manifest: JSON.parse(manifest) })),
    createGeneration: (id: string, manifest: Generation["manifest"]): void =>
      transaction(db, () => addGeneration(db, id, "building", manifest)),
    promoteGeneration(id: string): void {
      transaction(db, () => {
        const known = generations().find((generation) => generation.id === id);
        if (!known) throw new Error(`There is no generation ${id}`);
        sql("update generation set status = 'retired' where status = 'live' and id <> ?").run(id);
        sql("update generation set status = 'live' where id = ?").run(id);
      });
    },
    dropGeneration(id: string): void {
      transaction(db, () => {
        const known = generations().find((generation) => generation.id === id);
        if (!known) return;
        if (known.status === "live") throw new Error(`Generation ${id} is live and cannot be dropped`);
        db.exec(`drop table fts_${known.seq}`);
        sql("delete from chunk where generation = ?").run(known.seq);
        sql("delete from generation where id = ?").run(id);
        prepared.clear();
      });
    },
    close: (): void => db.close(),
  };
}

function createSchema(db: DatabaseSync): void {
  db.exec(`
    create table if not exists generation (seq integer primary key autoincrement, id text unique not null, status text not null, manifest text not null);
    create table if not exists chunk (rowid integer primary key, generation integer not null, id text not null, document_id text not null,
      version_id text not null, title text not null, heading_path text not null, page integer, start integer not null,
      end integer not null, text text not null);
    create index if not exists chunk_version on chunk (version_id, generation)`);
  if (db.prepare("select 1 from generation limit 1").get()) return;
  addGeneration(db, crypto.randomUUID(), "live", { tokenizer: tokenizerVersion, chunker: CHUNKER_VERSION });
}

function addGeneration(
  db: DatabaseSync,
  id: string,
  status: Generation["status"],
  manifest: Generation["manifest"],
): void {
  const added = db
    .prepare("insert into generation (id, status, manifest) values (?, ?, ?) returning seq")
    .get(id, status, JSON.stringify(manifest));
  // Texts arrive as terms already; the tokenizer only has to keep what ours made in one piece.
  db.exec(`create virtual table fts_${added!.seq} using fts5(heading, body, scope, content='', contentless_delete=1,
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'")`);
}

function checkTokenizer({ manifest }: GenerationRow): void {
  const { tokenizer } = JSON.parse(manifest) as Record<string, string>;
  if (tokenizer === tokenizerVersion) return;
  throw new Error(
    `The search index was built with the tokenizer ${tokenizer}; this version uses ${tokenizerVersion}. ` +
      `Stop Cairn and delete index.db and its companions from the data folder: it is rebuilt from the stored documents.`,
  );
}

function transaction(db: DatabaseSync, work: () => void): void {
  db.exec("begin immediate");
  try {
    work();
    db.exec("commit");
  } catch (error) {
    db.exec("rollback");
    throw error;
  }
}

function chunkOf(row: ChunkRow): Chunk {
  return {
    id: row.id,
    documentId: row.document_id,
    versionId: row.version_id,
    title: row.title,
    headingPath: JSON.parse(row.heading_path) as string[],
    page: row.page ?? undefined,
    start: row.start,
    end: row.end,
    text: row.text,
  };
}

const tokenOf = (kind: string, ...parts: string[]): string => kind + sha256(JSON.stringify(parts)).slice(0, 20);
const aclToken = (tenant: string, entry: string): string => tokenOf("a", tenant, entry);
const collectionToken = (tenant: string, collection: string): string => tokenOf("c", tenant, collection);

/** Every token holds the tenant, so that an entry of one tenant can never open a document of another. */
function scopeOfFiling({ tenant, acl, collection }: Filing): string {
  return [
    tokenOf("t", tenant),
    collectionToken(tenant, collection),
    ...acl.map((entry) => aclToken(tenant, entry)),
  ].join(" ");
}

function matchOf(terms: readonly string[], { tenant, acl, collections }: Filter): string {
  const anyOf = (tokens: readonly string[]): string => tokens.map((token) => `"${token}"`).join(" OR ");
  const clauses = [
    `{heading body} : (${anyOf(terms)})`,
    `scope : (${anyOf([tokenOf("t", tenant)])})`,
    `scope : (${anyOf(acl.map((entry) => aclToken(tenant, entry)))})`,
  ];
  if (collections) clauses.push(`scope : (${anyOf(collections.map((name) => collectionToken(tenant, name)))})`);
  return clauses.map((clause) => `(${clause})`).join(" AND ");
}
