import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import type { SearchIndex } from "#shared/index.ts";
import { silentLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import { openPostgresDatabase } from "#shared/postgres-database.ts";
import { scopeOf } from "#shared/principal.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { deleteDocument, patchDocument } from "../../ingest/documents.ts";
import { reconcile } from "../../ingest/reconcile.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { idsOf } from "../contract/search-index-fixtures.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";
import { newDatabase } from "../helpers/postgres-server.ts";
import { testQdrant } from "../helpers/test-qdrant.ts";
import { uniqueWord } from "../helpers/unique-word.ts";

const CHILD = join(import.meta.dirname, "../helpers/crash-child.ts");
const MAX_ROUNDS = 120;
const qdrant = testQdrant();
const everything = scopeOf({ ...LOCAL_ADMIN, groups: ["x"] });
let folder: string;
let url: string;
let drop: () => Promise<void>;
let db: Database;
let index: SearchIndex;
let blobs: Blobs;
const store = () => ({ db, blobs, index, now: Date.now, newId: () => crypto.randomUUID() });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-points-"));
  ({ url, drop } = await newDatabase(process.env.CAIRN_TEST_DATABASE_URL!));
  db = openPostgresDatabase(url);
  await migrate(db);
  index = qdrant.open();
  blobs = folderBlobs(join(folder, "blobs"));
});
afterAll(async () => {
  await db.close();
  await drop();
  await qdrant.dropAll();
  rmSync(folder, { recursive: true });
});

const accept = (uri: string, text: string) =>
  acceptDocument(store(), {
    ...{ tenant: "local", subject: "admin", collection: "default", uri, fileName: "a.md", mediaType: "text/markdown" },
    ...{ bytes: new TextEncoder().encode(text), priority: 1 },
  });

const word = (kind: string, round: number): string => uniqueWord(`${kind} ${round}`);

/** Work of every kind: a new document, a new version of an old one, a changed ACL, a deletion. */
async function assign(round: number): Promise<void> {
  const fresh = await accept(`upload:///fresh-${round}.md`, `Fresh\n\n${word("fresh", round)} of a new document.`);
  await accept("upload:///grown.md", `Grown\n\n${word("grown", round)} of an old document.\n\nA second passage.`);
  const opened = await accept("upload:///opened.md", "Opened\n\nopenedword for a group.");
  await patchDocument(store(), LOCAL_ADMIN, opened.documentId, { acl: [round % 2 === 0 ? "group:x" : "tenant"] });
  const before = await db.get<{ id: string }>("select id from document where uri = $1 and deleted_at is null", [
    `upload:///fresh-${round - 1}.md`,
  ]);
  if (before) await deleteDocument(store(), LOCAL_ADMIN, before.id);
  expect(fresh.unchanged).toBe(false);
}

async function finish(): Promise<void> {
  // One that was paused in mid-transaction holds its rows until the database ends it.
  await expect
    .poll(
      () =>
        db.run("update job set lease_until = 0 where state = 'leased'").then(
          () => true,
          () => false,
        ),
      {
        timeout: 90_000,
      },
    )
    .toBe(true);
  const worker = startWorker({ db, blobs, index, parse: paragraphParse, log: silentLog, metrics: createMetrics() });
  await worker.idle();
  await worker.stop();
  await reconcile(db, index);
}

async function check(round: number): Promise<void> {
  expect(await db.all("select id, state, reason from job where state <> 'done'")).toEqual([]);
  const current = await db.all<{ uri: string; current_version: string }>(
    "select uri, current_version from document where deleted_at is null order by uri",
  );
  const uris = [`upload:///fresh-${round}.md`, "upload:///grown.md", "upload:///opened.md"];
  expect(current.map(({ uri }) => uri)).toEqual(uris.sort());
  const versions = current.map(({ current_version }) => current_version).sort();
  expect((await index.versions()).sort()).toEqual(versions);
  const found = async (word: string) => {
    const { legs } = await index.search(word, everything, 50, AbortSignal.timeout(10_000));
    return idsOf(legs.lexical!.map(({ chunk }) => chunk)).length;
  };
  expect(await found(word("fresh", round))).toBe(1);
  expect(await found(word("fresh", round - 1))).toBe(0);
  expect(await found(word("grown", round))).toBe(1);
  if (round > 1) expect(await found(word("grown", round - 1))).toBe(0);
  expect(await found("openedword")).toBe(1);
  const events = await db.get<{ events: number; versions: number }>(
    "select count(*) as events, count(distinct version_id) as versions from ingestion_event where kind = 'upsert'",
  );
  expect(events!.events).toBe(events!.versions);
  const kept = new Set(
    (
      await db.all<{ id: string }>(
        "select v.id from document_version v join document d on d.id = v.document_id where d.deleted_at is null",
      )
    ).map(({ id }) => id),
  );
  for await (const key of blobs.keys()) expect(kept.has(key.split("/")[1]!), key).toBe(true);
}

/** Whoever is left paused would keep the test run waiting for ever. */
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function startChild(at: number, signal: NodeJS.Signals) {
  const child = spawn(process.execPath, [CHILD, url, qdrant.url, qdrant.prefixOf(index), folder, String(at), signal], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

test("killed before any of its effects, a worker leaves nothing that the next one does not put right", async () => {
  let points = 0;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    await assign(round);
    const child = startChild(round, "SIGKILL");
    const [code] = await once(child, "exit");
    await finish();
    await check(round);
    if (code === 0) break;
    points = round;
  }
  expect(points).toBeGreaterThan(15);
  expect(points).toBeLessThan(MAX_ROUNDS);
}, 600_000);

test("a paused worker that wakes after its lease ran out changes nothing any more", async () => {
  for (const at of [4, 8, 11, 14, 17]) {
    const round = 1000 + at;
    await db.run("update document set deleted_at = 1 where uri like 'upload:///fresh-%' and deleted_at is null");
    await assign(round);
    const child = startChild(at, "SIGSTOP");
    const exited = once(child, "exit");
    await Promise.race([exited, stopped(child.pid!)]);
    await finish();
    child.kill("SIGCONT");
    await exited;
    await finish();
    expect((await index.versions()).sort()).toEqual(
      (await db.all<{ v: string }>("select current_version as v from document where deleted_at is null"))
        .map(({ v }) => v)
        .sort(),
    );
    const { legs } = await index.search(word("grown", round), everything, 50, AbortSignal.timeout(10_000));
    expect(legs.lexical).toHaveLength(1);
  }
}, 300_000);

async function stopped(pid: number): Promise<void> {
  const { readFile } = await import("node:fs/promises");
  for (;;) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tT");
    if (/State:\tT/.test(status)) return;
    await sleep(50);
  }
}
