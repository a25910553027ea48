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
import { openPostgresDatabase } from "./postgres-database.ts";
import { openQdrantIndex } from "./qdrant-index.ts";
import { replicaReads, type StaleReads } from "./replica-reads.ts";
import { s3Blobs } from "./s3-blobs.ts";
import { openSqliteDatabase } from "./sqlite-database.ts";
import { openSqliteIndex } from "./sqlite-index.ts";
import { type Hold, lockFolder } from "./sqlite-lock.ts";
import { type StateSettings, s3AccessOf } from "./state-settings.ts";

export type State = {
  readonly db: Database;
  /** For searches of documents and conversations, where the database has a copy for reading. */
  readonly replica: StaleReads;
  readonly index: SearchIndex;
  readonly blobs: Blobs;
  readonly pepper: string;
  readonly withKeys: Authenticate;
  /** Whether no other process can be at work on the same database. */
  readonly alone: boolean;
  close(): Promise<void>;
};
export type DatabaseState = Pick<State, "db" | "pepper" | "withKeys">;

/** The state database alone, for a process that only asks who somebody is and what they may use. */
export async function openStateDatabase(
  settings: StateSettings,
  log: Log = silentLog,
  hold: Hold = "shared",
): Promise<DatabaseState> {
  const { CAIRN_DATA: folder, DATABASE_URL, CAIRN_PEPPER } = settings;
  const db = DATABASE_URL === undefined ? await openEmbedded(folder, hold) : await openPostgres(DATABASE_URL, log);
  const pepper = CAIRN_PEPPER ?? (await loadPepper(folder));
  return { db, pepper, withKeys: keyAuthenticate(db, pepper) };
}

/**
 * Opens every store that a process needs. The engines behind the contracts are chosen here and nowhere else, each by
 * its own setting. Separate processes share a data folder; one that does all the work holds it `alone`. Rejects with
 * a sentence when something cannot be used.
 */
export async function openState(settings: StateSettings, log: Log = silentLog, hold: Hold = "shared"): Promise<State> {
  const { CAIRN_DATA: folder, DATABASE_URL, QDRANT_URL, CAIRN_BLOBS } = settings;
  const blobs = CAIRN_BLOBS === undefined ? folderBlobs(join(folder, "blobs")) : openS3(CAIRN_BLOBS, settings);
  const database = await openStateDatabase(settings, log, hold);
  if (QDRANT_URL === undefined || CAIRN_BLOBS === undefined) await makeDataFolder(folder);
  const index = openIndex(settings, log);
  const copy = settings.DATABASE_REPLICA_URL && openPostgresDatabase(settings.DATABASE_REPLICA_URL, log);
  return {
    ...database,
    replica: copy ? replicaReads(copy, database.db, log) : database.db,
    index,
    blobs,
    alone: DATABASE_URL === undefined && hold === "alone",
    async close() {
      await index.close();
      if (copy) await copy.close();
      await database.db.close();
    },
  };
}

function openIndex(settings: StateSettings, log: Log): SearchIndex {
  const { CAIRN_DATA, QDRANT_URL: url, QDRANT_API_KEY: apiKey, QDRANT_COLLECTION: prefix } = settings;
  if (url === undefined) return openSqliteIndex(join(CAIRN_DATA, "index.db"), log);
  const { QDRANT_SHARDS: shards, QDRANT_REPLICAS: replicas, QDRANT_TENANT_SHARDS: tenants } = settings;
  const layout = { shards, replicas, tenants };
  return openQdrantIndex({ url, apiKey, prefix, layout, log });
}

function openS3(location: string, settings: StateSettings): Blobs {
  const access = s3AccessOf(settings);
  if (!access) throw new Error(`CAIRN_BLOBS is ${location}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as well.`);
  return s3Blobs({ location, ...access });
}

async function openEmbedded(folder: string, hold: Hold): Promise<Database> {
  await makeDataFolder(folder);
  const lock = lockFolder(join(folder, "lock"), hold);
  const file = join(folder, "state.db");
  return opening(file, async () => {
    const db = openSqliteDatabase(file);
    await migrate(db);
    return { ...db, close: () => db.close().finally(lock.release) };
  });
}

/** Rejects with a sentence when it cannot be reached, refuses the login, or was written by a newer version. */
async function openPostgres(url: string, log: Log): Promise<Database> {
  const db = openPostgresDatabase(url, log);
  try {
    await migrate(db);
    return db;
  } catch (error) {
    await db.close();
    const { host, pathname } = new URL(url);
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
    throw new Error(`The database ${host}${pathname} (DATABASE_URL) cannot be used: ${reason.message}`, {
      cause: error,
    });
  }
}
