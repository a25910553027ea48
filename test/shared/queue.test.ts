import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#shared/database.ts";
import { migrate } from "#shared/migrations.ts";
import { createQueue, enqueue, MAX_ATTEMPTS, MAX_LEASES } from "#shared/queue.ts";
import { openTestDatabase } from "../helpers/test-database.ts";

const LEASE_OVER_MS = 10 * 60_000;
let folder: string;
let db: Database;
let at: number;
let queue: ReturnType<typeof createQueue>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cairn-queue-"));
  db = await openTestDatabase(folder);
  await migrate(db);
  at = 1000;
  queue = createQueue(db, () => at);
});
afterEach(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const add = (id: string, priority = 1) =>
  db.transaction((sql) => enqueue(sql, { id, tenant: "t", kind: "k", payload: {}, priority }, at));
const idsOf = async (count: number) => (await queue.lease(count)).map(({ id }) => id);
const jobOf = (id: string) =>
  db.get<{ state: string; attempts: number; leases: number; reason: string | null }>(
    "select * from job where id = $1",
    [id],
  );

test("a worker that dies costs a job no attempt", async () => {
  await add("j");
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    await queue.lease(1);
    await queue.releaseAll();
  }
  const [job] = await queue.lease(1);
  expect(job!.attempts).toBe(0);
  expect(await queue.fail(job!, "unavailable", "The store did not answer.", true)).toBe("retry");
  expect(await jobOf("j")).toMatchObject({ attempts: 1, state: "ready" });
});

test("a job whose worker always dies ends among the dead letters, with a sentence", async () => {
  await add("poison");
  let leased = 0;
  for (let i = 0; i < 2 * MAX_LEASES; i++) {
    leased += (await queue.lease(5)).length;
    at += LEASE_OVER_MS;
  }
  expect(leased).toBe(MAX_LEASES);
  expect(await jobOf("poison")).toMatchObject({
    state: "dead",
    reason: expect.stringMatching(/^The worker stopped .*\.$/),
  });
});

test("jobs that were leased beside a job that kills workers are done without it", async () => {
  for (let i = 0; i < 8; i++) await add(`good-${i}`);
  await add("poison", 0);
  const done = new Set<string>();
  for (let i = 0; i < 3 * MAX_LEASES && (await queue.left()) > 0; i++) {
    const jobs = await queue.lease(32);
    at += LEASE_OVER_MS;
    if (jobs.some(({ id }) => id === "poison")) continue;
    for (const job of jobs) if (await queue.complete(job)) done.add(job.id);
    at += LEASE_OVER_MS;
    for (const job of await queue.lease(32)) if (job.id !== "poison" && (await queue.complete(job))) done.add(job.id);
  }
  expect(done.size).toBe(8);
  expect(await jobOf("poison")).toMatchObject({ state: "dead" });
});

test("a job that a worker gave back is due at once, and its lease does not count", async () => {
  await add("j");
  for (let i = 0; i < 2 * MAX_LEASES; i++) {
    const [job] = await queue.lease(1);
    await queue.giveBack([job!]);
  }
  expect(await jobOf("j")).toMatchObject({ state: "ready", attempts: 0, leases: 0 });
});

test("jobs come in the order of their urgency", async () => {
  await add("sync", 2);
  await add("upload", 1);
  await add("refile", 0);
  expect(await idsOf(5)).toEqual(["refile", "upload", "sync"]);
});

test("five workers that lease at once share the jobs, and none of them twice", async () => {
  for (let i = 0; i < 60; i++) await add(`j${i}`);
  const shares = await Promise.all(Array.from({ length: 5 }, () => idsOf(20)));
  const leased = shares.flat();
  expect(new Set(leased).size).toBe(leased.length);
  while (leased.length < 60) leased.push(...(await idsOf(20)));
  expect(new Set(leased).size).toBe(60);
});

test("a tenant that brings a thousand jobs lets one of every other tenant pass at a time", async () => {
  const addFor = (tenant: string, id: string) =>
    db.transaction((sql) => enqueue(sql, { id, tenant, kind: "k", payload: {}, priority: 2 }, at));
  for (let i = 0; i < 40; i++) await addFor("big", `big-${String(i).padStart(2, "0")}`);
  for (let i = 0; i < 3; i++) await addFor("small", `small-${i}`);
  await addFor("late", "late-0");
  const order = await idsOf(8);
  expect(order.filter((id) => id.startsWith("small"))).toEqual(["small-0", "small-1", "small-2"]);
  expect(order).toContain("late-0");
  // Who comes when work is under way does not wait behind what was there before.
  await addFor("later", "later-0");
  expect((await idsOf(3)).includes("later-0")).toBe(true);
});
