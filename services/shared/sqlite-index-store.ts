import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Chunk } from "./chunk.ts";
import type { Filing, Generation, Hit, Legs } from "./index.ts";
import { type Filter, matchOf, scopeOfFiling } from "./scope-terms.ts";
import {
  addGeneration,
  checkTokenizer,
  createSchema,
  type GenerationRow,
  snapshot,
  termTables,
  transaction,
} from "./sqlite-index-schema.ts";
import { dropTermTable, termTable } from "./sqlite-term-table.ts";
import { tokenize, weightedTerms } from "./tokenize.ts";

const BUSY_TIMEOUT_MS = 5000;
/** A question of more terms is a pasted text; the rarest of its first terms decide anyway. */
const MAX_TERMS = 96;

export type Entry = { readonly filing: Filing; readonly versionId: string; readonly chunks: readonly Chunk[] };
export type Store = ReturnType<typeof openStore>;
type TermTable = ReturnType<typeof termTable>;
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

  const tables = (seq: number) => termTables(seq).map((name) => termTable(sql, name)) as [TermTable, TermTable];
  const rowsOf = (seq: number, versionId: string): { chunks: ChunkRow[]; version: number | undefined } => ({
    chunks: sql("select * from chunk where version_id = ? and generation = ? order by start").all(
      versionId,
      seq,
    ) as ChunkRow[],
    version: sql("select rowid from version where id = ? and generation = ?").get(versionId, seq)?.rowid as
      | number
      | undefined,
  });
  const removeVersion = (seq: number, versionId: string): void => {
    const [chunkTerms, documentTerms] = tables(seq);
    const { chunks, version } = rowsOf(seq, versionId);
    if (version === undefined) return;
    for (const { rowid } of chunks) chunkTerms.remove(rowid);
    documentTerms.remove(version);
    sql("delete from chunk where version_id = ? and generation = ?").run(versionId, seq);
    sql("delete from version where rowid = ?").run(version);
  };
  /** Terms of each chunk, and of all of them together for the leg that ranks whole documents. */
  const insertTerms = (seq: number, versionId: string, filing: Filing): void => {
    const [chunkTerms, documentTerms] = tables(seq);
    const { chunks, version } = rowsOf(seq, versionId);
    if (version === undefined) return;
    const scope = scopeOfFiling(filing);
    const headings = new Set<string>();
    const bodies: string[] = [];
    for (const row of chunks) {
      const { title, headingPath, text } = chunkOf(row);
      const heading = tokenize([title, ...headingPath].join("\n")).join(" ");
      const body = tokenize(text).join(" ");
      chunkTerms.insert(row.rowid, { heading, body, scope });
      headings.add(heading);
      bodies.push(body);
    }
    documentTerms.insert(version, { heading: [...headings].join(" "), body: bodies.join(" "), scope });
  };
  const insertChunk = (seq: number, versionId: string, chunk: Chunk): void => {
    sql(
      `insert into chunk (generation, id, document_id, version_id, title, heading_path, page, start, end, text)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      ...[seq, chunk.id, chunk.documentId, versionId, chunk.title, JSON.stringify(chunk.headingPath)],
      ...[chunk.page ?? null, chunk.start, chunk.end, chunk.text],
    );
  };
  return {
    writeAll(batch: readonly Entry[]): void {
      transaction(db, () => {
        for (const { seq } of generations().filter(({ status }) => status !== "retired")) {
          for (const { filing, versionId, chunks } of batch) {
            removeVersion(seq, versionId);
            if (chunks.length > 0) sql("insert into version (generation, id) values (?, ?)").run(seq, versionId);
            for (const chunk of chunks) insertChunk(seq, versionId, chunk);
            insertTerms(seq, versionId, filing);
          }
        }
      });
    },
    refile(versionId: string, filing: Filing): void {
      transaction(db, () => {
        for (const { seq } of generations()) {
          const [chunkTerms, documentTerms] = tables(seq);
          const { chunks, version } = rowsOf(seq, versionId);
          const scope = scopeOfFiling(filing);
          const move = (table: TermTable, rowid: number): void => {
            const terms = table.remove(rowid);
            if (terms) table.insert(rowid, { ...terms, scope });
          };
          for (const { rowid } of chunks) move(chunkTerms, rowid);
          if (version !== undefined) move(documentTerms, version);
        }
      });
    },
    remove(versionIds: readonly string[]): void {
      transaction(db, () => {
        for (const { seq } of generations()) for (const versionId of versionIds) removeVersion(seq, versionId);
      });
    },
    search(question: string, filter: Filter, limit: number): Legs {
      // One snapshot: a row id may belong to another chunk as soon as a write has come between.
      return snapshot(db, () => {
        const { seq, id } = live();
        const terms = weightedTerms(question).slice(0, MAX_TERMS);
        const closed = filter.acl.length === 0 || filter.collections?.length === 0;
        if (terms.length === 0 || closed) return { generation: id, legs: { lexical: [], document: [] } };
        const match = matchOf(
          terms.map(({ term }) => term),
          filter,
        );
        const [chunkTerms, documentTerms] = tables(seq);
        const lexical = chunkTerms.search(terms, match, limit).map(({ rowid, score }) => ({
          chunk: chunkOf(sql("select * from chunk where rowid = ?").get(rowid) as ChunkRow),
          score,
        }));
        lexical.sort((a, b) => b.score - a.score || (a.chunk.id < b.chunk.id ? -1 : 1));
        lexical.splice(limit);
        const scores = new Map<string, number>();
        for (const { rowid, score } of documentTerms.propose(match, limit)) {
          scores.set((sql("select id from version where rowid = ?").get(rowid) as { id: string }).id, score);
        }
        return { generation: id, legs: { lexical, document: byDocument(lexical, scores) } };
      });
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
      transaction(db, () => {
        // A caller that lost the reply asks again, and writes may have gone there meanwhile.
        if (!generations().some((generation) => generation.id === id)) addGeneration(db, id, "building", manifest);
      }),
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
        for (const name of termTables(known.seq)) dropTermTable(db, name);
        sql("delete from version where generation = ?").run(known.seq);
        sql("delete from chunk where generation = ?").run(known.seq);
        sql("delete from generation where id = ?").run(id);
        prepared.clear();
      });
    },
    close: (): void => db.close(),
  };
}

/** The chunks that were found, ranked by how well their whole document answers; within one document as before. */
function byDocument(lexical: readonly Hit[], scores: ReadonlyMap<string, number>): Hit[] {
  return lexical
    .flatMap(({ chunk }) => {
      const score = scores.get(chunk.versionId);
      return score === undefined ? [] : [{ chunk, score }];
    })
    .sort((a, b) => b.score - a.score);
}

function chunkOf(row: Omit<ChunkRow, "rowid">): Chunk {
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
