import { createWriteStream } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { SCHEMA_VERSION, TABLES } from "#shared/migrations.ts";
import type { State } from "#shared/open-state.ts";

const PAGE = 2000;

export type Copied = { readonly rows: number; readonly blobs: number; readonly missing: number };
export type Manifest = {
  readonly schema: number;
  readonly at: string;
  readonly tables: Readonly<Record<string, number>>;
};

/**
 * Saves the state database as it is at one moment, and after it all blobs: what its rows refer to was stored before
 * them. The search index is not saved, because it can be made from these. Cairn may be at work meanwhile. Rejects when
 * the folder is not empty.
 */
export async function backUp(
  { db, blobs }: Pick<State, "db" | "blobs">,
  folder: string,
  now = Date.now,
): Promise<Copied> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new Error(`${folder} is not empty. Choose a new folder for each backup.`);
  await mkdir(join(folder, "tables"));
  const at = new Date(now()).toISOString();
  const tables = await db.transaction(async (sql) => {
    const counts: Record<string, number> = {};
    for (const table of TABLES) counts[table] = await saveTable(sql, table, join(folder, "tables", `${table}.jsonl`));
    return counts;
  });
  const saved = folderBlobs(join(folder, "blobs"));
  const copied = { blobs: 0, missing: 0 };
  for await (const key of blobs.keys()) {
    const bytes = await blobs.get(key).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "not_found") return undefined;
      throw error;
    });
    if (bytes) await saved.put(key, bytes);
    copied[bytes ? "blobs" : "missing"] += 1;
  }
  // Last of all: a folder without it is no backup.
  const manifest: Manifest = { schema: SCHEMA_VERSION, at, tables };
  await writeFile(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  return { ...copied, rows: Object.values(tables).reduce((sum, count) => sum + count, 0) };
}

async function saveTable(sql: Sql, table: string, path: string): Promise<number> {
  const file = createWriteStream(path, { flush: true });
  const [first] = await sql.all(`select * from ${table} limit 1`);
  // By all columns: rows that are equal in all of them may change places without a loss.
  const order = Object.keys(first ?? {}).map((_, i) => i + 1);
  let rows = 0;
  for (let page = first ? PAGE : 0; page === PAGE; ) {
    const found = await sql.all(`select * from ${table} order by ${order.join(", ")} limit ${PAGE} offset ${rows}`);
    for (const row of found) file.write(`${JSON.stringify(row)}\n`);
    rows += found.length;
    page = found.length;
  }
  file.end();
  await finished(file);
  return rows;
}
