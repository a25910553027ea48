import type { StatementSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { byRank } from "./by-rank.ts";
import type { Chunk } from "./chunk.ts";
import { headingOf } from "./count-terms.ts";
import { denseOf } from "./dense-of.ts";
import { headingsAskedFor } from "./heading-terms.ts";
import type { Filing, Generation, Hit, Legs, Unembedded, Vector } from "./index.ts";
import { meantTerms } from "./meant-terms.ts";
import type { Places } from "./places.ts";
import { type Filter, scopeOfFiling } from "./scope-terms.ts";
import {
  addGeneration,
  checkUsable,
  createSchema,
  type GenerationRow,
  snapshot,
  termTableOf,
  transaction,
} from "./sqlite-index-schema.ts";
import { openNearest } from "./sqlite-nearest.ts";
import { openSqlite } from "./sqlite-open.ts";
import { scrubSqlite } from "./sqlite-scrub.ts";
import { openTermSearch } from "./sqlite-term-search.ts";
import { dropTermTable, forgetWords, termTable } from "./sqlite-term-table.ts";
import { toBlob, vectorTable } from "./sqlite-vectors.ts";
import { unitVector } from "./unit-vector.ts";

export type Entry = { readonly filing: Filing; readonly versionId: string; readonly chunks: readonly Chunk[] };
export type Store = ReturnType<typeof openStore>;
type ChunkRow = Omit<Record<keyof Chunk, string>, "start" | "end" | "page" | "places"> & {
  rowid: number;
  start: number;
  end: number;
  page: number | null;
  places: string | null;
  heading_path: string;
  document_id: string;
  version_id: string;
};

/**
 * The index file, synchronously: runs inside a worker. Chunks are kept as rows, and their terms counted; who searches
 * keeps those of the generation in memory.
 */
export function openStore(path: string) {
  // Durable when it resolves: reconciliation finds versions that a power cut took back, but not their old ACLs.
  const db = openSqlite(path);
  // A checkpoint writes the same pages of the terms again and again: with 16 MB between two it has less to write.
  db.exec("pragma cache_size = -32000; pragma wal_autocheckpoint = 4000");
  transaction(db, () => createSchema(db));
  const prepared = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = prepared.get(text) ?? db.prepare(text);
    prepared.set(text, known);
    return known;
  };
  const generations = (): GenerationRow[] => sql("select * from generation order by seq").all() as GenerationRow[];
  const live = (): GenerationRow => generations().find(({ status }) => status === "live")!;
  const seqs = (): Set<number> => new Set(generations().map(({ seq }) => seq));
  checkUsable(db, live());

  const remembered = new Map<number, Set<string>>();
  const tableOf = (seq: number) => {
    const kept = remembered.get(seq) ?? new Set();
    remembered.set(seq, kept);
    return termTable(sql, termTableOf(seq), kept);
  };
  const changing = (work: () => void): void => {
    try {
      transaction(db, work);
    } catch (error) {
      remembered.clear();
      throw error;
    }
  };
  const chunksOf = (seq: number, versionId: string): Chunk[] => {
    const rows = sql("select * from chunk where version_id = ? and generation = ? order by start");
    return rows.all(versionId, seq).map((row) => chunkOf(row as ChunkRow));
  };
  const vectorsOf = (seq: number) => vectorTable(sql, seq);
  const removeVersion = (seq: number, versionId: string): void => {
    const version = sql("select rowid from version where id = ? and generation = ?").get(versionId, seq);
    if (!version) return;
    tableOf(seq).remove(version.rowid as number);
    vectorsOf(seq).removeVersion(versionId);
    sql("delete from chunk where version_id = ? and generation = ?").run(versionId, seq);
    sql("delete from version where rowid = ?").run(version.rowid!);
  };
  const putVersion = (seq: number, { filing, versionId, chunks }: Entry): void => {
    const vectors = vectorsOf(seq);
    const kept = vectors.ofVersion(versionId);
    removeVersion(seq, versionId);
    if (chunks.length === 0) return;
    const scope = scopeOfFiling(filing);
    const version = sql("insert into version (generation, id, scope) values (?, ?, ?)").run(seq, versionId, scope);
    const passages = chunks.map((chunk) => {
      const rowid = insertChunk(seq, versionId, chunk);
      vectors.keep(rowid, chunk, kept);
      return { rowid, heading: headingOf(chunk), text: chunk.text };
    });
    tableOf(seq).insert(Number(version.lastInsertRowid), passages);
  };
  const insertChunk = (seq: number, versionId: string, chunk: Chunk): number => {
    const inserted = sql(
      `insert into chunk (generation, id, document_id, version_id, title, heading_path, page, start, end, text, places)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      ...[seq, chunk.id, chunk.documentId, versionId, chunk.title, JSON.stringify(chunk.headingPath)],
      ...[chunk.page ?? null, chunk.start, chunk.end, chunk.text, chunk.places ? JSON.stringify(chunk.places) : null],
    );
    return Number(inserted.lastInsertRowid);
  };
  const chunksAt = (rowids: readonly number[]): Map<number, Chunk> => {
    const rows = sql("select * from chunk where rowid in (select value from json_each(?))").all(JSON.stringify(rowids));
    return new Map((rows as ChunkRow[]).map((row) => [row.rowid, chunkOf(row)]));
  };
  const chunkAt = (rowid: number): Chunk => chunkOf(sql("select * from chunk where rowid = ?").get(rowid) as ChunkRow);
  const terms = openTermSearch(sql);
  const dense = openNearest(sql);
  const known = (id: string): GenerationRow | undefined => generations().find((generation) => generation.id === id);
  // Inside one snapshot: a row id may belong to another chunk as soon as a write has come between.
  const searchOne = (generation: GenerationRow, question: string, filter: Filter, limit: number): Legs => {
    const { seq, id } = generation;
    const has = denseOf(manifestOf(generation));
    const words = meantTerms(question);
    if (words.length === 0 || isClosed(filter)) return { generation: id, legs: { lexical: [] }, ...has };
    const found = terms.search(seq, termTableOf(seq), { words, headings: headingsAskedFor(question) }, filter, limit);
    const chunks = chunksAt(found.map(({ rowid }) => rowid));
    const lexical = found.map(({ rowid, score }): Hit => ({ chunk: chunks.get(rowid)!, score })).sort(byRank);
    return { generation: id, legs: { lexical: lexical.slice(0, limit) }, ...has };
  };
  return {
    writeAll(batch: readonly Entry[], only?: string): void {
      changing(() => {
        const open = generations().filter(({ status, id }) =>
          only === undefined ? status !== "retired" : id === only,
        );
        for (const { seq } of open) {
          for (const entry of batch) putVersion(seq, entry);
        }
      });
    },
    refile(versionId: string, filing: Filing): void {
      changing(() => {
        for (const { seq } of generations()) putVersion(seq, { filing, versionId, chunks: chunksOf(seq, versionId) });
      });
    },
    remove(versionIds: readonly string[]): void {
      transaction(db, () => {
        for (const { seq } of generations()) for (const versionId of versionIds) removeVersion(seq, versionId);
      });
    },
    search: (question: string, filter: Filter, limit: number): Legs =>
      snapshot(db, () => searchOne(live(), question, filter, limit)),
    searchIn: (generation: string, question: string, filter: Filter, limit: number): Legs | undefined =>
      snapshot(db, () => {
        const named = known(generation);
        return named && searchOne(named, question, filter, limit);
      }),
    nearest: (id: string, { embedder, values }: Vector, filter: Filter, limit: number): Hit[] | undefined =>
      snapshot(db, () => {
        const generation = known(id);
        if (!generation || !hasVectorsOf(generation, embedder, values.length)) return undefined;
        if (isClosed(filter)) return [];
        const near = dense.search(generation.seq, unitVector(values), filter, limit);
        const chunks = chunksAt(near.map(({ chunk }) => chunk));
        return near.map(({ chunk, score }): Hit => ({ chunk: chunks.get(chunk)!, score })).sort(byRank);
      }),
    /** Reads what searches need into memory, for some time. Returns whether there is more to do. */
    warmTerms: (ms: number): boolean =>
      snapshot(db, () => {
        const { seq } = live();
        return terms.warm(seq, termTableOf(seq), ms);
      }),
    warmVectors: (): boolean =>
      snapshot(db, () => {
        const generation = live();
        const { dimensions } = manifestOf(generation);
        return dimensions !== undefined && dense.warm(generation.seq, Number(dimensions));
      }),
    followTerms: (): void => snapshot(db, () => terms.follow(seqs())),
    followVectors: (): void => snapshot(db, () => dense.follow(seqs())),
    withoutVectors: (id: string, limit: number): { total: number; chunks: Unembedded[] } =>
      snapshot(db, () => {
        const generation = known(id);
        if (!generation || manifestOf(generation).embedder === undefined) return { total: 0, chunks: [] };
        const { total, chunks } = vectorsOf(generation.seq).missing(limit);
        return { total, chunks: chunks.map((rowid) => ({ ref: String(rowid), chunk: chunkAt(rowid) })) };
      }),
    /** Returns whether the generation has vectors of this embedder at all. */
    writeVectors(id: string, embedder: string, all: readonly (Unembedded & { values: Float32Array })[]): boolean {
      const generation = known(id);
      if (!generation) return true;
      if (!all.every(({ values }) => hasVectorsOf(generation, embedder, values.length))) return false;
      const vectors = vectorsOf(generation.seq);
      transaction(db, () => {
        for (const { ref, chunk, values } of all) {
          const row = sql("select * from chunk where rowid = ? and generation = ?").get(Number(ref), generation.seq);
          // Row ids are given again.
          const isSame = row !== undefined && isDeepStrictEqual(chunkOf(row as ChunkRow), chunk);
          if (isSame && !vectors.has(Number(ref))) vectors.put(Number(ref), toBlob(unitVector(values)));
        }
      });
      return true;
    },
    versions(generation?: string): string[] {
      const seq = generation === undefined ? live().seq : known(generation)?.seq;
      const rows = sql("select id from version where generation = ?").all(seq ?? -1) as { id: string }[];
      return rows.map(({ id }) => id);
    },
    generations: (): Generation[] =>
      generations().map(({ id, status, manifest }) => ({ id, status, manifest: JSON.parse(manifest) })),
    createGeneration: (id: string, manifest: Generation["manifest"]): void =>
      transaction(db, () => {
        // A caller that lost the reply asks again, and writes may have gone there meanwhile.
        if (!known(id)) addGeneration(db, id, "building", manifest);
      }),
    promoteGeneration(id: string): void {
      transaction(db, () => {
        if (!known(id)) throw new Error(`There is no generation ${id}`);
        sql("update generation set status = 'retired' where status = 'live' and id <> ?").run(id);
        sql("update generation set status = 'live' where id = ?").run(id);
      });
    },
    dropGeneration(id: string): void {
      transaction(db, () => {
        const dropped = known(id);
        if (!dropped) return;
        if (dropped.status === "live") throw new Error(`Generation ${id} is live and cannot be dropped`);
        dropTermTable(db, termTableOf(dropped.seq));
        vectorsOf(dropped.seq).drop();
        sql("delete from version where generation = ?").run(dropped.seq);
        sql("delete from chunk where generation = ?").run(dropped.seq);
        sql("delete from generation where id = ?").run(id);
        prepared.clear();
        remembered.clear();
      });
    },
    scrub(): void {
      remembered.clear();
      transaction(db, () => {
        for (const { seq } of generations()) forgetWords(db, termTableOf(seq));
      });
      scrubSqlite(db);
    },
    /** A step of what is left to do after a reply. Returns whether there is more. */
    tidy: (): boolean => terms.tidy(),
    close: (): void => db.close(),
  };
}

const manifestOf = ({ manifest }: GenerationRow): Generation["manifest"] => JSON.parse(manifest);
const hasVectorsOf = (generation: GenerationRow, embedder: string, dimensions: number): boolean => {
  const manifest = manifestOf(generation);
  return manifest.embedder === embedder && manifest.dimensions === String(dimensions);
};
const isClosed = ({ acl, collections }: Filter): boolean => acl.length === 0 || collections?.length === 0;

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
    ...(row.places !== null && { places: JSON.parse(row.places) as Places }),
  };
}
