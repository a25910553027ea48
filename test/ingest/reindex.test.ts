import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { scopeOf } from "#shared/principal.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { deleteDocument, patchDocument } from "../../ingest/documents.ts";
import { drop, promote, rollBack, startReindex } from "../../ingest/reindex/reindex.ts";
import { reindexRow, reportOf } from "../../ingest/reindex/reindex-row.ts";
import { startWorker, type Worker } from "../../ingest/worker/app.ts";
import { find, idsOf } from "../contract/search-index-fixtures.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";
import { openTestStores, type TestStores } from "../helpers/test-stores.ts";
import { uniqueWord } from "../helpers/unique-word.ts";

const DOCUMENTS = 70;
let store: TestStores;
let db: TestStores["db"];
let index: TestStores["index"];
let worker: Worker | undefined;
beforeEach(async () => {
  store = await openTestStores();
  ({ db, index } = store);
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await store.close();
});

const start = (parse = paragraphParse): Worker => {
  worker = startWorker({ ...store, parse, log: silentLog, metrics: createMetrics() });
  return worker;
};
const accept = (name: string, text: string) =>
  acceptDocument(store, {
    ...{ tenant: "local", subject: "admin", collection: "default", uri: `upload:///${name}`, fileName: name },
    ...{ mediaType: "text/markdown", bytes: new TextEncoder().encode(text), priority: 1 },
  });
const word = (n: number): string => uniqueWord(String(n));
const fill = async (): Promise<void> => {
  for (let i = 0; i < DOCUMENTS; i++) await accept(`${i}.md`, `Title\n\nThe amber ${word(i)} passage.`);
};
const everything = scopeOf({ ...LOCAL_ADMIN, groups: ["x"] });
const found = async (question: string): Promise<number> => idsOf(await find(index, question, everything)).length;
const live = async (): Promise<string> => (await index.generations()).find(({ status }) => status === "live")!.id;

test("a new generation is built beside the live one, answers after its promotion, and goes back", async () => {
  await fill();
  start();
  await worker!.idle();
  const first = await live();
  const { generation, total } = await startReindex(store, LOCAL_ADMIN);
  expect(Number(total)).toBe(DOCUMENTS);
  await expect(startReindex(store, LOCAL_ADMIN)).rejects.toMatchObject({ code: "conflict" });
  await worker!.idle();
  expect(await reindexRow(db, generation)).toMatchObject({ state: "ready", done: DOCUMENTS });
  expect(await live()).toBe(first);
  const before = await find(index, "amber", everything, 20);
  await promote(store, LOCAL_ADMIN, generation, false);
  expect(await live()).toBe(generation);
  expect(await find(index, "amber", everything, 20)).toEqual(before);
  await rollBack(store, LOCAL_ADMIN, generation);
  expect(await live()).toBe(first);
  expect(await find(index, "amber", everything, 20)).toEqual(before);
  await drop(store, LOCAL_ADMIN, generation);
  expect((await index.generations()).map(({ id }) => id)).toEqual([first]);
  await expect(drop(store, LOCAL_ADMIN, first)).rejects.toMatchObject({ code: "conflict" });
});

test("what is written, closed and deleted while it is built is so in the new generation, and questions never fail", async () => {
  await fill();
  start();
  await worker!.idle();
  const rows = await db.all<{ id: string; uri: string }>("select id, uri from document");
  const idOf = (name: string) => rows.find(({ uri }) => uri === `upload:///${name}`)!.id;
  const { generation } = await startReindex(store, LOCAL_ADMIN);
  let asked = 0;
  let asking = true;
  const questions = (async () => {
    while (asking) {
      expect(await found("amber")).toBeGreaterThan(DOCUMENTS / 2);
      asked += 1;
    }
  })();
  await accept("1.md", `Title\n\nThe amber ${word(200)} passage.`);
  await deleteDocument(store, LOCAL_ADMIN, idOf("2.md"));
  await patchDocument(store, LOCAL_ADMIN, idOf("3.md"), { acl: ["user:nobody"] });
  await accept("new.md", `Title\n\nThe amber ${word(201)} passage.`);
  await worker!.idle();
  await promote(store, LOCAL_ADMIN, generation, false);
  await worker!.idle();
  asking = false;
  await questions;
  expect(asked).toBeGreaterThan(3);
  for (const [n, times] of [
    [1, 0],
    [200, 1],
    [2, 0],
    [3, 0],
    [201, 1],
    [4, 1],
  ] as const) {
    expect(await found(word(n)), String(n)).toBe(times);
  }
  const current = await db.all<{ v: string }>("select current_version as v from document where deleted_at is null");
  expect((await index.versions()).sort()).toEqual(current.map(({ v }) => v).sort());
});

test("a worker that is stopped in the middle is followed by one that goes on, and a document that cannot be read is told", async () => {
  await fill();
  await start().idle();
  const lost = "select current_version as id from document where uri = 'upload:///69.md'";
  const unreadable = (await db.get<{ id: string }>(lost))!.id;
  await store.blobs.remove(`local/${unreadable}`);
  const { generation } = await startReindex(store, LOCAL_ADMIN);
  await vi.waitFor(async () => expect((await reindexRow(db, generation))!.cursor).not.toBe(""), 20_000);
  await worker!.stop();
  await start().idle();
  const row = (await reindexRow(db, generation))!;
  expect(row.state).toBe("ready");
  expect(reportOf(row).failed).toEqual([{ version_id: unreadable, reason: "The stored content is gone." }]);
  await expect(promote(store, LOCAL_ADMIN, generation, false)).rejects.toThrow(/1 documents could not be read/);
  await promote(store, LOCAL_ADMIN, generation, true);
  expect(await found("amber")).toBe(DOCUMENTS - 1);
});
