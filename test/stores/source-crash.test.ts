import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Embed } from "#shared/gateway-embed.ts";
import { silentLog } from "#shared/log.ts";
import { scopeOf } from "#shared/principal.ts";
import { createQueue } from "#shared/queue.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { embedChunks } from "../../ingest/embed/embed-chunks.ts";
import { manifestWith } from "../../ingest/embed/manifest-with.ts";
import { findIndexDrift, reconcile } from "../../ingest/reconcile.ts";
import { createBlobReconciler, findBlobDrift } from "../../ingest/reconcile-blobs.ts";
import { listFolder } from "../../ingest/sources/folder.ts";
import { startSyncs } from "../../ingest/sources/run-syncs.ts";
import { openSource, type Source } from "../../ingest/sources/sources.ts";
import { askForSync } from "../../ingest/sources/sync-queue.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { find } from "../contract/search-index-fixtures.ts";
import { mortalStores } from "../helpers/mortal-stores.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";
import { openTestStores, type TestStores } from "../helpers/test-stores.ts";
import { uniqueWord } from "../helpers/unique-word.ts";

const MAX_EFFECTS = 150;
const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
const EMBEDDER = "lengths/2@1";
const by = { embedder: EMBEDDER, upstream: "u", model: "lengths", digest: undefined, assurance: "declared" } as const;
const embed: Embed = async (_, texts) => ({
  vectors: texts.map((text) => ({ embedder: EMBEDDER, values: Float32Array.of(text.length, 1) })),
  by,
});
const everything = scopeOf({ tenant: "local", subject: "admin", groups: [], scopes: [] });

let stores: TestStores;
let files: string;
let db: TestStores["db"];
let index: TestStores["index"];
let blobs: TestStores["blobs"];
let source: Source;
beforeEach(async () => {
  stores = await openTestStores();
  ({ db, index, blobs } = stores);
  files = join(stores.folder, "files");
  mkdirSync(files);
  await index.createGeneration("dense", manifestWith({ embedder: EMBEDDER, dimensions: "2" }));
  await index.promoteGeneration("dense");
  source = await openSource(store(), {
    ...{ tenant: "local", subject: "admin", collection: "default", kind: "folder", location: files, acl: ["tenant"] },
  });
});
afterEach(() => stores.close());

type Over = Partial<ReturnType<typeof mortalStores>["over"]>;
const store = (over: Over = {}) => ({ ...stores, ...over });
const write = (name: string, text: string): void => writeFileSync(join(files, name), text);
const stateOf = async () =>
  (await db.get<{ s: string }>("select sync_state as s from source where id = $1", [source.id]))!.s;

/** A sync, the work that it brings, and the vectors of that: all that a process does, until it is done or dies. */
async function live(over: Over, died: Promise<void>): Promise<void> {
  const deps = store(over);
  const syncs = startSyncs({ store: deps, listOf: (one) => listFolder(db, one), wake: () => {}, log: silentLog });
  let dead = false;
  const death = died.then(() => {
    dead = true;
  });
  await Promise.race([
    death,
    vi.waitUntil(async () => (await stateOf()) === "idle", { timeout: 50_000, interval: 20 }),
  ]);
  // What the dead one still tries to write down has no effect either.
  await syncs.stop();
  if (dead) return;
  const worker = startWorker({ ...deps, parse: paragraphParse, log: silentLog, metrics: createMetrics() });
  await Promise.race([death, worker.idle()]);
  await worker.stop();
  if (dead) return;
  while ((await embedChunks(deps.index, embed, never).catch(() => ({ left: 0 }))).left > 0);
}

/** The next process: it takes over whatever the dead one had leased. */
async function takeOver(): Promise<void> {
  await createQueue(db).releaseAll();
  await db.run("update source set lease_until = 0 where sync_state = 'running'");
  await live({}, new Promise(() => {}));
  await reconcile(db, index);
  let at = Date.now();
  const reconcileBlobs = createBlobReconciler({ db, blobs, now: () => at });
  await reconcileBlobs(never);
  at += 2 * HOUR_MS;
  await reconcileBlobs(never);
}

async function check(names: readonly string[], words: readonly string[], gone: string): Promise<void> {
  const documents = await db.all<{ uri: string; v: string }>(
    "select uri, current_version as v from document where deleted_at is null order by uri",
  );
  expect(documents.map(({ uri }) => uri)).toEqual(names.map((name) => `file:files/${name}`).sort());
  expect((await index.versions()).sort()).toEqual(documents.map(({ v }) => v).sort());
  expect(await findIndexDrift(db, index)).toEqual({ leftOver: [], missing: [] });
  expect(await findBlobDrift({ db, blobs }, Date.now() + 2 * HOUR_MS, never)).toMatchObject({
    unknown: [],
    outlived: [],
    missing: [],
  });
  expect(await db.all("select kind, state, reason from job where state <> 'done'")).toEqual([]);
  for (const word of words) expect(await find(index, word, everything), word).toHaveLength(1);
  expect(await find(index, gone, everything)).toEqual([]);
  // Every passage has its vector, and none of a version that is gone is found by it.
  expect(await index.withoutVectors("dense", 1)).toEqual({ total: 0, chunks: [] });
  const near = await index.nearest(
    "dense",
    { embedder: EMBEDDER, values: Float32Array.of(30, 1) },
    everything,
    50,
    never,
  );
  const current = new Set(documents.map(({ v }) => v));
  expect(near!.length).toBe(2 * documents.length);
  expect(near!.every(({ chunk }) => current.has(chunk.versionId))).toBe(true);
}

const word = (kind: string, round: number): string => uniqueWord(`${kind} ${round}`);

test("a process that dies at any effect of a sync, its documents or their vectors leaves nothing that the next one does not put right", async () => {
  let points = 0;
  for (let at = 1; at < MAX_EFFECTS; at++) {
    write(`fresh-${at}.md`, `Fresh\n\nThe ${word("fresh", at)} of a new file.`);
    write("grown.md", `Grown\n\nThe ${word("grown", at)} of an old file.`);
    write("kept.md", "Kept\n\nThe keptword of a file that stays.");
    rmSync(join(files, `fresh-${at - 1}.md`), { force: true });
    await askForSync(db, source, { subject: "admin", dryRun: false, allowRemovals: true }, Date.now());
    const { died, isDead, over } = mortalStores({ db, index, blobs }, at);
    await live(over, died);
    await takeOver();
    const words = [word("fresh", at), word("grown", at), "keptword"];
    await check([`fresh-${at}.md`, "grown.md", "kept.md"], words, word("fresh", at - 1));
    if (!isDead()) break;
    points = at;
  }
  expect(points).toBeGreaterThan(20);
  expect(points).toBeLessThan(MAX_EFFECTS - 1);
}, 600_000);
