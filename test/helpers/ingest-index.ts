import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SearchIndex } from "#shared/index.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";

export type IndexUnderTest = Pick<SearchIndex, "writeAll" | "refile" | "remove" | "versions" | "scrub" | "close">;

/** The embedded index, or, in a checkout without it, the smallest durable stand-in for it. */
export async function openIndex(folder: string): Promise<IndexUnderTest> {
  const real = new URL("../../services/shared/sqlite-index.ts", import.meta.url);
  if (existsSync(real)) {
    const { openSqliteIndex } = (await import(real.href)) as { openSqliteIndex: (path: string) => SearchIndex };
    return openSqliteIndex(join(folder, "index.db"));
  }
  const db = openSqliteDatabase(join(folder, "index.db"));
  await db.run("create table if not exists filed (version text primary key, chunks text not null)");
  return {
    writeAll: (batch) =>
      db.transaction(async (sql) => {
        for (const { versionId, chunks } of batch) {
          await sql.run(
            "insert into filed (version, chunks) values ($1, $2) on conflict (version) do update set chunks = $2",
            [versionId, JSON.stringify(chunks)],
          );
        }
      }),
    refile: async () => {},
    remove: (ids) =>
      db.transaction(async (sql) => {
        for (const id of ids) await sql.run("delete from filed where version = $1", [id]);
      }),
    versions: async () =>
      (await db.all<{ version: string }>("select version from filed")).map(({ version }) => version),
    scrub: () => db.scrub(),
    close: () => db.close(),
  };
}
