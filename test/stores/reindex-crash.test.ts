import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { createQueue } from "#shared/queue.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { drop, promote, rollBack, startReindex } from "../../ingest/reindex/reindex.ts";
import { reindexRow } from "../../ingest/reindex/reindex-row.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { everyone, find } from "../contract/search-index-fixtures.ts";
import { mortalStores } from "../helpers/mortal-stores.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";
import { openTestStores, type TestStores } from "../helpers/test-stores.ts";

/** More than one page. */
const DOCUMENTS = 40;
const MAX_EFFECTS = 100;
let store: TestStores;
let db: TestStores["db"];
let index: TestStores["index"];
beforeEach(async () => {
  store = await openTestStores();
  ({ db, index } = store);
});
afterEach(() => store.close());

const start = (over: object = {}) =>
  startWorker({ ...store, parse: paragraphParse, log: silentLog, metrics: createMetrics(), ...over });
async function work(): Promise<void> {
  await createQueue(db).releaseAll();
  const worker = start();
  await worker.idle();
  await worker.stop();
}

test("a reindex that dies before any of its effects is finished by the next worker, and goes back exactly", async () => {
  for (let i = 0; i < DOCUMENTS; i++) {
    await acceptDocument(store, {
      ...{ tenant: "acme", subject: "admin", collection: "default", uri: `upload:///${i}`, fileName: `${i}.md` },
      ...{
        mediaType: "text/markdown",
        bytes: new TextEncoder().encode(`Title\n\nThe amber number ${i}.`),
        priority: 1,
      },
    });
  }
  await work();
  const before = await find(index, "amber number", everyone, 20);
  const held = (await index.versions()).sort();
  let points = 0;
  for (let at = 1; at < MAX_EFFECTS; at++) {
    const { generation } = await startReindex(store, LOCAL_ADMIN);
    const { died, over } = mortalStores(store, at);
    const worker = start(over);
    const survived = await Promise.race([died.then(() => false), worker.idle().then(() => true)]);
    await worker.stop();
    await work();
    expect(await reindexRow(db, generation)).toMatchObject({ state: "ready", done: DOCUMENTS });
    expect((await index.versions(generation)).sort()).toEqual(held);
    expect(await find(index, "amber number", everyone, 20)).toEqual(before);
    await promote(store, LOCAL_ADMIN, generation, false);
    expect((await find(index, "amber number", everyone, 20)).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    await rollBack(store, LOCAL_ADMIN, generation);
    expect(await find(index, "amber number", everyone, 20)).toEqual(before);
    await drop(store, LOCAL_ADMIN, generation);
    await work();
    if (survived) break;
    points = at;
  }
  expect(points).toBeGreaterThan(5);
  expect(points).toBeLessThan(MAX_EFFECTS - 1);
}, 300_000);
