import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#shared/database.ts";
import { migrate } from "#shared/migrations.ts";
import { createQueue, enqueue } from "#shared/queue.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { createMetrics, type Metrics } from "#shared/telemetry.ts";
import { watchQueue } from "../../ingest/watch-queue.ts";

let db: Database;
let folder: string;
let metrics: Metrics;
const time = 1_000_000;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-watch-"));
  db = openSqliteDatabase(join(folder, "state.db"));
  await migrate(db);
  metrics = createMetrics();
  watchQueue(db, metrics.registry, () => time);
});
afterEach(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const figures = async (): Promise<Record<string, number>> => {
  const lines = (await metrics.registry.metrics()).matchAll(
    /^(cairn_jobs_(?:ready|oldest_ready_seconds|dead)) (\S+)$/gm,
  );
  return Object.fromEntries([...lines].map(([, name, value]) => [name!, Number(value)]));
};
const add = (id: string, at: number): Promise<void> =>
  enqueue(db, { id, tenant: "t", kind: "ingest", payload: {} }, at);

test("the queue's gauges are there from the start, and tell how many wait and since when", async () => {
  expect(await figures()).toEqual({ cairn_jobs_ready: 0, cairn_jobs_oldest_ready_seconds: 0, cairn_jobs_dead: 0 });
  await add("a", time - 90_000);
  await add("b", time - 10_000);
  await add("later", time + 60_000);
  expect(await figures()).toEqual({ cairn_jobs_ready: 2, cairn_jobs_oldest_ready_seconds: 90, cairn_jobs_dead: 0 });
});

test("a job at work does not wait, and one that was given up is counted apart", async () => {
  await add("a", time - 5000);
  const queue = createQueue(db, () => time);
  const [job] = await queue.lease(1);
  expect(await figures()).toMatchObject({ cairn_jobs_ready: 0, cairn_jobs_oldest_ready_seconds: 0 });
  await queue.fail(job!, "invalid_request", "It is no document.", false);
  expect(await figures()).toMatchObject({ cairn_jobs_ready: 0, cairn_jobs_dead: 1 });
});

test("while the database does not answer the series are absent, and all other metrics are there", async () => {
  const broken = createMetrics();
  watchQueue({ get: () => Promise.reject(new Error("away")) }, broken.registry);
  const text = await broken.registry.metrics();
  expect(text).not.toMatch(/^cairn_jobs_(ready|oldest_ready_seconds|dead) /m);
  expect(text).toContain("cairn_open_streams 0");
});
