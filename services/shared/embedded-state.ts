import { join } from "node:path";
import type { Blobs } from "./blobs.ts";
import { makeDataFolder, opening } from "./data-folder.ts";
import type { Database } from "./database.ts";
import { folderBlobs } from "./folder-blobs.ts";
import { type Authenticate, keyAuthenticate } from "./identity.ts";
import type { SearchIndex } from "./index.ts";
import { type Log, silentLog } from "./log.ts";
import { migrate } from "./migrations.ts";
import { loadPepper } from "./pepper.ts";
import { openSqliteDatabase } from "./sqlite-database.ts";
import { openSqliteIndex } from "./sqlite-index.ts";
import { type Hold, lockFolder } from "./sqlite-lock.ts";

export type State = {
  readonly db: Database;
  readonly index: SearchIndex;
  readonly blobs: Blobs;
  readonly pepper: string;
  readonly withKeys: Authenticate;
  close(): Promise<void>;
};

/** The state database alone, for a process that only asks who somebody is and what they may use. */
export async function openEmbeddedDatabase(
  folder: string,
  hold: Hold = "shared",
): Promise<Pick<State, "db" | "pepper" | "withKeys">> {
  await makeDataFolder(folder);
  const lock = lockFolder(join(folder, "lock"), hold);
  const file = join(folder, "state.db");
  const db = await opening(file, async (): Promise<Database> => {
    const state = openSqliteDatabase(file);
    await migrate(state);
    return { ...state, close: () => state.close().finally(lock.release) };
  });
  const pepper = await loadPepper(folder);
  return { db, pepper, withKeys: keyAuthenticate(db, pepper) };
}

/**
 * Opens everything that the embedded engines keep below one folder. Separate processes share it; one that does all
 * the work holds it `alone`. Rejects with a sentence when it cannot be used.
 */
export async function openEmbeddedState(folder: string, log: Log = silentLog, hold?: Hold): Promise<State> {
  const database = await openEmbeddedDatabase(folder, hold);
  const { db } = database;
  const index = openSqliteIndex(join(folder, "index.db"), log);
  return {
    ...database,
    index,
    blobs: folderBlobs(join(folder, "blobs")),
    async close() {
      await index.close();
      await db.close();
    },
  };
}
