import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Sql, Value } from "#shared/database.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { SCHEMA_VERSION, TABLES } from "#shared/migrations.ts";
import type { State } from "#shared/open-state.ts";
import { enqueue } from "#shared/queue.ts";
import type { Copied, Manifest } from "./back-up.ts";

/**
 * Brings a backup into an empty database, of either engine, and into the blob store. A job of the workers then brings
 * the search index after it, from whatever moment that is. Rejects, changing nothing, when the folder holds no whole
 * backup, when it is of another schema, or when the database holds anything.
 */
export async function restore(
  { db, blobs }: Pick<State, "db" | "blobs">,
  folder: string,
  now = Date.now,
): Promise<Copied> {
  const { schema, tables } = await readManifest(folder);
  if (schema !== SCHEMA_VERSION) {
    throw new Error(
      `The backup has the schema ${schema}, this Cairn knows ${SCHEMA_VERSION}. Restore it with the version that made it, then upgrade.`,
    );
  }
  const saved = folderBlobs(join(folder, "blobs"));
  let copied = 0;
  // Before the rows that refer to them, as when they first came.
  for await (const key of saved.keys()) {
    await blobs.put(key, await saved.get(key));
    copied += 1;
  }
  await db.transaction(async (sql) => {
    for (const table of TABLES) {
      if (await sql.get(`select 1 as one from ${table} limit 1`)) {
        throw new Error(
          `The database is not empty: the table ${table} has rows. Restore into a new database. Nothing was changed in it.`,
        );
      }
    }
    for (const table of TABLES)
      await fillTable(sql, table, join(folder, "tables", `${table}.jsonl`), tables[table] ?? 0);
    // Whoever held a lease when the backup was made is not there any more.
    await sql.run("update job set state = 'ready', lease_until = null, lease_token = null where state = 'leased'");
    const job = { id: crypto.randomUUID(), tenant: "local", kind: "reconcile", payload: { refile: true }, priority: 0 };
    await enqueue(sql, job, now());
  });
  return { rows: Object.values(tables).reduce((sum, count) => sum + count, 0), blobs: copied, missing: 0 };
}

async function readManifest(folder: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as Manifest;
  } catch (cause) {
    throw new Error(`${folder} holds no complete backup: its manifest.json cannot be read.`, { cause });
  }
}

async function fillTable(sql: Sql, table: string, path: string, expected: number): Promise<void> {
  let rows = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const row = JSON.parse(line) as Record<string, Value>;
    const names = Object.keys(row);
    const places = names.map((_, i) => `$${i + 1}`);
    await sql.run(`insert into ${table} (${names.join(", ")}) values (${places.join(", ")})`, Object.values(row));
    rows += 1;
  }
  if (rows !== expected) throw new Error(`${path} holds ${rows} rows instead of ${expected}: the backup is damaged.`);
}
