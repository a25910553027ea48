import { join } from "node:path";
import type { Database } from "#shared/database.ts";
import { openPostgresDatabase } from "#shared/postgres-database.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { newDatabase } from "./postgres-server.ts";

/** Set by `vitest.stores.config.ts` alone, so that `npm test` needs no server whatever the environment holds. */
const SERVER = process.env.CAIRN_TEST_DATABASE_URL;

/** An empty database of the engine under test: a file of the folder, or a database of the server. */
export async function openTestDatabase(folder: string): Promise<Database> {
  if (SERVER === undefined) return openSqliteDatabase(join(folder, "cairn.db"));
  const { url, drop } = await newDatabase(SERVER);
  const db = openPostgresDatabase(url);
  return {
    ...db,
    close: async () => {
      await db.close();
      await drop();
    },
  };
}
