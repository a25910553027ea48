import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { migrate } from "#shared/migrations.ts";
import { openTestDatabase } from "./test-database.ts";
import { openTestIndex } from "./test-index.ts";

/** An empty database, index and blobs of the engines under test, as workers and the ingestion API are given them. */
export async function openTestStores() {
  const folder = mkdtempSync(join(tmpdir(), "cairn-stores-"));
  const db = await openTestDatabase(folder);
  await migrate(db);
  const index = openTestIndex(folder);
  return {
    folder,
    ...{ db, index, generations: index, blobs: folderBlobs(join(folder, "blobs")) },
    ...{ now: Date.now, newId: (): string => crypto.randomUUID() },
    async close(): Promise<void> {
      await index.close();
      await db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export type TestStores = Awaited<ReturnType<typeof openTestStores>>;
