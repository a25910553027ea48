import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Chunk } from "./chunk.ts";
import { passageText } from "./passage-text.ts";

/** Of vectors that are gone, so that whoever keeps them in memory hears of it; who misses more reads all again. */
const GONE_KEPT = 100_000;

type Kept = { readonly text: string; readonly data: Uint8Array };

/** Vectors beside chunks, as 32-bit floats. A `seq` is never given twice, so that copies in memory can follow. */
export function createVectorTables(db: DatabaseSync): void {
  db.exec(`
    create table if not exists vector (seq integer primary key autoincrement, generation integer not null,
      chunk integer unique not null, data blob not null);
    create index if not exists vector_generation on vector (generation, seq);
    create table if not exists vector_gone (seq integer primary key autoincrement, vector integer not null);
    create trigger if not exists vector_goes after delete on vector
      begin insert into vector_gone (vector) values (old.seq); end;
    delete from vector_gone where seq <= (select max(seq) from vector_gone) - ${GONE_KEPT}`);
  createWaiting(db);
  const columns = db.prepare("select name from pragma_table_info('version')").all();
  // Who may read a version. A file with versions from before it is refused.
  if (!columns.some(({ name }) => name === "scope")) db.exec("alter table version add column scope text");
}

/** Which chunks wait for a vector: to look for them among all others takes longer the fewer they are. */
function createWaiting(db: DatabaseSync): void {
  if (db.prepare("select 1 from sqlite_schema where name = 'vector_waiting'").get()) return;
  const isDense = "json_extract(manifest, '$.embedder') is not null";
  db.exec(`
    create table vector_waiting (generation integer not null, chunk integer not null,
      primary key (generation, chunk)) without rowid;
    create trigger vector_missing after insert on chunk
      when exists (select 1 from generation where seq = new.generation and ${isDense})
      begin insert into vector_waiting (generation, chunk) values (new.generation, new.rowid); end;
    create trigger vector_comes after insert on vector
      begin delete from vector_waiting where generation = new.generation and chunk = new.chunk; end;
    create trigger vector_spared after delete on chunk
      begin delete from vector_waiting where generation = old.generation and chunk = old.rowid; end;
    insert into vector_waiting (generation, chunk)
      select generation, rowid from chunk where generation in (select seq from generation where ${isDense})
      and rowid not in (select chunk from vector)`);
}

/** The vectors of one generation as they are written. */
export function vectorTable(sql: (text: string) => StatementSync, generation: number) {
  return {
    /** Of a version that is about to be written again: what has the same text keeps its vector. */
    ofVersion(versionId: string): Map<string, Kept> {
      const rows = sql(
        `select c.id, c.title, c.heading_path, c.text, v.data from chunk c join vector v on v.chunk = c.rowid
         where c.version_id = ? and c.generation = ?`,
      ).all(versionId, generation) as {
        id: string;
        title: string;
        heading_path: string;
        text: string;
        data: Uint8Array;
      }[];
      return new Map(
        rows.map(({ id, title, heading_path, text, data }) => {
          const headingPath = JSON.parse(heading_path) as string[];
          return [id, { text: passageText({ title, headingPath, text }), data }];
        }),
      );
    },
    keep(
      chunk: number,
      { id, ...said }: Pick<Chunk, "id" | "title" | "headingPath" | "text">,
      kept: Map<string, Kept>,
    ): void {
      const known = kept.get(id);
      if (known?.text !== undefined && known.text === passageText(said)) this.put(chunk, known.data);
    },
    put(chunk: number, data: Uint8Array): void {
      sql("insert into vector (generation, chunk, data) values (?, ?, ?)").run(generation, chunk, data);
    },
    has: (chunk: number): boolean => sql("select 1 from vector where chunk = ?").get(chunk) !== undefined,
    removeVersion(versionId: string): void {
      sql("delete from vector where chunk in (select rowid from chunk where version_id = ? and generation = ?)").run(
        versionId,
        generation,
      );
    },
    /** Row ids of chunks without one, and how many there are. */
    missing(limit: number): { total: number; chunks: number[] } {
      const total = sql("select count(*) as count from vector_waiting where generation = ?").get(generation)!.count;
      const waiting = sql("select chunk from vector_waiting where generation = ? order by chunk limit ?");
      const rows = waiting.all(generation, limit);
      return { total: total as number, chunks: rows.map(({ chunk }) => chunk as number) };
    },
    drop: (): void => void sql("delete from vector where generation = ?").run(generation),
  };
}

export const toBlob = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
/** A blob need not begin where a float may: then it is copied. */
export function fromBlob(data: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = data;
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  return byteOffset % bytes === 0
    ? new Float32Array(buffer, byteOffset, byteLength / bytes)
    : new Float32Array(data.slice().buffer);
}
