import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { originalOf, textOf } from "../../ingest/document-row.ts";
import { deleteDocument } from "../../ingest/documents.ts";
import { createBlobReconciler } from "../../ingest/reconcile-blobs.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

const HOUR = 3_600_000;
let rig: Rig;
let clock: number;
let reconcile: () => ReturnType<ReturnType<typeof createBlobReconciler>>;
beforeEach(async () => {
  rig = await openRig();
  clock = Date.now();
  const run = createBlobReconciler({ db: rig.db, blobs: rig.blobs, now: () => clock });
  reconcile = () => run(AbortSignal.timeout(20_000));
});
afterEach(() => rig.close());

const accept = (uri: string) =>
  acceptDocument(rig.store, {
    ...{ tenant: "local", subject: "admin", collection: "default", uri, fileName: "a.md", mediaType: "text/plain" },
    ...{ bytes: new TextEncoder().encode(`${uri}\n\nText.`), priority: 1 },
  });
const keys = async (): Promise<string[]> => (await Array.fromAsync(rig.blobs.keys())).sort();
const bytes = new TextEncoder().encode("x");

test("what belongs to a version stays, pending or superseded", async () => {
  const { versionId } = await accept("a");
  await rig.work();
  await accept("b");
  const before = await keys();
  for (let hours = 0; hours < 3; hours++) {
    expect(await reconcile()).toEqual({ removed: 0, missing: [] });
    clock += HOUR;
  }
  expect(await keys()).toEqual(before);
  expect(before).toContain(originalOf("local", versionId));
});

test("bytes of an upload that never came to be go at the second look, not at the first", async () => {
  await rig.blobs.put(originalOf("local", "orphan"), bytes);
  expect((await reconcile()).removed).toBe(0);
  clock += HOUR / 2;
  expect((await reconcile()).removed).toBe(0);
  clock += HOUR;
  expect((await reconcile()).removed).toBe(1);
  expect(await keys()).toEqual([]);
});

test("bytes that came back after a deletion or an erasure go, by themselves", async () => {
  const [deleted, erased] = [await accept("a"), await accept("b")];
  await rig.work();
  await deleteDocument(rig.store, LOCAL_ADMIN, deleted.documentId);
  await rig.work();
  await rig.db.run("update document_version set erased_at = 1 where id = $1", [erased.versionId]);
  await rig.blobs.put(originalOf("local", deleted.versionId), bytes);
  expect((await reconcile()).removed).toBe(1);
  expect(await keys()).toEqual([originalOf("local", deleted.versionId)]);
  clock += 2 * HOUR;
  expect((await reconcile()).removed).toBe(1);
  expect(await keys()).toEqual([]);
});

test("a version that lost a file is told, and nothing else is touched", async () => {
  const { versionId } = await accept("a");
  await accept("b");
  await rig.work();
  const before = await keys();
  await rig.blobs.remove(textOf("local", versionId));
  expect(await reconcile()).toEqual({ removed: 0, missing: [versionId] });
  expect(await keys()).toEqual(before.filter((key) => key !== textOf("local", versionId)));
});
