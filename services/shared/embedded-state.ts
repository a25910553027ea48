import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Blobs } from "./blobs.ts";
import type { Database } from "./database.ts";
import { folderBlobs } from "./folder-blobs.ts";
import { type Authenticate, keyAuthenticate } from "./identity.ts";
import type { SearchIndex } from "./index.ts";
import { migrate } from "./migrations.ts";
import { loadPepper } from "./pepper.ts";
import { openSqliteDatabase } from "./sqlite-database.ts";
import { openSqliteIndex } from "./sqlite-index.ts";

export type State = {
  readonly db: Database;
  readonly index: SearchIndex;
  readonly blobs: Blobs;
  readonly pepper: string;
  readonly withKeys: Authenticate;
  close(): Promise<void>;
};

/** Opens everything that the embedded engines keep below one folder. Rejects with a sentence when that cannot be used. */
export async function openEmbeddedState(folder: string): Promise<State> {
  await mkdir(folder, { recursive: true });
  const db = openSqliteDatabase(join(folder, "state.db"));
  await migrate(db);
  const index = openSqliteIndex(join(folder, "index.db"));
  const pepper = await loadPepper(folder);
  return {
    db,
    index,
    blobs: folderBlobs(join(folder, "blobs")),
    pepper,
    withKeys: keyAuthenticate(db, pepper),
    async close() {
      await index.close();
      await db.close();
    },
  };
}
