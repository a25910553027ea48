import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#shared/database.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import { scopeOf } from "#shared/principal.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { deleteDocument, patchDocument } from "../../ingest/documents.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { backUp } from "../../services/backup/back-up.ts";
import { restore } from "../../services/backup/restore.ts";
import { find } from "../contract/search-index-fixtures.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";
import { openTestDatabase } from "../helpers/test-database.ts";
import { openTestIndex, type TestIndex } from "../helpers/test-index.ts";
import { uniqueWord } from "../helpers/unique-word.ts";

let folder: string;
let db: Database;
let index: TestIndex;
const opened: Database[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-backup-"));
  db = await openDatabase("first");
  index = openTestIndex(folder);
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await index.close();
  rmSync(folder, { recursive: true });
});

async function openDatabase(name: string): Promise<Database> {
  const { mkdirSync } = await import("node:fs");
  mkdirSync(join(folder, name));
  const one = await openTestDatabase(join(folder, name));
  opened.push(one);
  await migrate(one);
  return one;
}
const storeOf = (one: Database, name: string) => ({
  ...{ db: one, index, blobs: folderBlobs(join(folder, name, "blobs")) },
  ...{ now: Date.now, newId: () => crypto.randomUUID() },
});
async function work(one: Database, name: string): Promise<void> {
  const worker = startWorker({
    ...storeOf(one, name),
    parse: paragraphParse,
    log: silentLog,
    metrics: createMetrics(),
  });
  await worker.idle();
  await worker.stop();
}
const accept = (name: string, word: string) =>
  acceptDocument(storeOf(db, "first"), {
    ...{ tenant: "local", subject: "admin", collection: "default", uri: `note:${name}`, fileName: `${name}.md` },
    ...{
      mediaType: "text/markdown",
      bytes: new TextEncoder().encode(`Title\n\nThe ${uniqueWord(word)} passage.`),
      priority: 1,
    },
  });
const everything = scopeOf({ ...LOCAL_ADMIN, groups: ["x"] });
const finds = async (word: string) => (await find(index, uniqueWord(word), everything)).length;

test("a database and an index that were restored from different moments heal", async () => {
  const kept = await accept("kept", "kept");
  const grown = await accept("grown", "grown before");
  const deleted = await accept("deleted", "deleted later");
  const closed = await accept("closed", "closed later");
  await work(db, "first");
  const saved = await backUp(storeOf(db, "first"), join(folder, "saved"));
  expect(saved.blobs).toBe(8);

  // The index stays as it is after all this; the database goes back.
  await accept("grown", "grown after");
  await accept("new", "new");
  await deleteDocument(storeOf(db, "first"), LOCAL_ADMIN, deleted.documentId);
  await patchDocument(storeOf(db, "first"), LOCAL_ADMIN, closed.documentId, { acl: ["user:nobody"] });
  await work(db, "first");
  expect([
    await finds("grown after"),
    await finds("new"),
    await finds("deleted later"),
    await finds("closed later"),
  ]).toEqual([1, 1, 0, 0]);

  const second = await openDatabase("second");
  expect(await restore(storeOf(second, "second"), join(folder, "saved"))).toEqual(saved);
  await work(second, "second");
  for (const word of ["kept", "grown before", "deleted later", "closed later"]) expect(await finds(word), word).toBe(1);
  for (const word of ["grown after", "new"]) expect(await finds(word), word).toBe(0);
  const current = await second.all<{ v: string }>("select current_version as v from document where deleted_at is null");
  expect((await index.versions()).sort()).toEqual(current.map(({ v }) => v).sort());
  expect(current.map(({ v }) => v).sort()).toEqual(
    [kept, grown, deleted, closed].map(({ versionId }) => versionId).sort(),
  );
  const blobs = storeOf(second, "second").blobs;
  expect(new TextDecoder().decode(await blobs.get(`local/${kept.versionId}/original`))).toContain(uniqueWord("kept"));
});

test("a restore into a database that holds anything, or of a backup that is not whole, changes nothing", async () => {
  await accept("kept", "kept");
  await backUp(storeOf(db, "first"), join(folder, "saved"));
  await expect(restore(storeOf(db, "first"), join(folder, "saved"))).rejects.toThrow(/not empty/);
  await expect(backUp(storeOf(db, "first"), join(folder, "saved"))).rejects.toThrow(/not empty/);
  const second = await openDatabase("second");
  writeFileSync(join(folder, "saved/tables/document.jsonl"), "");
  await expect(restore(storeOf(second, "second"), join(folder, "saved"))).rejects.toThrow(/damaged/);
  expect(await second.all("select id from job")).toEqual([]);
  await expect(restore(storeOf(second, "second"), join(folder, "nothing"))).rejects.toThrow(/no complete backup/);
});
