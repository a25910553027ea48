import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { openCheckpoint } from "#shared/lineage/checkpoint.ts";
import { isConsistent, leafHash, rootFromInclusion, rootOf } from "#shared/lineage/merkle.ts";
import { sequence } from "#shared/lineage/sequence.ts";
import { startSequencer } from "#shared/lineage/sequencer.ts";
import { latestCheckpoint, proveConsistency, proveInclusion } from "#shared/lineage/tenant-log.ts";
import { silentLog } from "#shared/log.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { openLogs } from "../../helpers/lineage-log.ts";

let logs: Awaited<ReturnType<typeof openLogs>>;
afterEach(() => logs.close());
const fromBase64 = (hashes: readonly string[]): Buffer[] => hashes.map((hash) => Buffer.from(hash, "base64"));

test("whatever the batches, root and proofs are those of the plain tree, for every leaf", async () => {
  logs = await openLogs();
  const { db, ring } = logs;
  const sizes: number[] = [];
  for (const count of [1, 2, 253, 1, 256, 600, 7]) {
    await logs.append("one", count);
    await logs.append("two", 1);
    await sequence(db, ring, "one", Date.now);
    sizes.push((await latestCheckpoint(db, "one"))!.size);
  }
  const hashes = await logs.hashes("one");
  expect(hashes).toHaveLength(1120);
  const rows = await db.all<{ id: string; sequence: number }>("select id, sequence from log_leaf where tenant = 'one'");
  for (const { id, sequence: place } of rows) {
    const proof = (await proveInclusion(db, "one", id))!;
    const { size, root } = openCheckpoint(proof.checkpoint, ring.published())!;
    expect([proof.index, size]).toEqual([place, 1120]);
    expect(rootFromInclusion(hashes[place]!, place, size, fromBase64(proof.hashes))!.equals(root)).toBe(true);
  }
  const newest = { size: 1120, root: rootOf(hashes) };
  for (const size of sizes) {
    const proof = fromBase64(await proveConsistency(db, "one", size, 1120));
    expect(isConsistent({ size, root: rootOf(hashes.slice(0, size)) }, newest, proof)).toBe(true);
  }
  // The other tenant's leaves wait for their own turn, and nobody proves them from here.
  expect(await logs.hashes("two")).toEqual([]);
  await sequence(db, ring, "two", Date.now);
  expect(await logs.hashes("two")).toHaveLength(7);
  expect(await proveInclusion(db, "two", "leaf-2")).toBeDefined();
  expect(await proveInclusion(db, "two", "leaf-1")).toBeUndefined();
  await expect(proveConsistency(db, "one", 5, 1121)).rejects.toMatchObject({ code: "invalid_request", param: "to" });
  await expect(proveConsistency(db, "one", 6, 5)).rejects.toMatchObject({ param: "from" });
});

test("several replicas that sequence at once make one log without gaps or forks", async () => {
  logs = await openLogs();
  const { db, ring, folder } = logs;
  const child = join(import.meta.dirname, "../../helpers/sequence-child.ts");
  await Promise.all(["a", "b", "c"].map((name) => promisify(execFile)(process.execPath, [child, folder, name, "30"])));
  const hashes = await logs.hashes("one");
  expect(hashes).toHaveLength(90);
  const checkpoints = await db.all<{ size: number; checkpoint: string }>("select size, checkpoint from log_checkpoint");
  for (const { size, checkpoint } of checkpoints) {
    const opened = openCheckpoint(checkpoint, ring.published())!;
    expect(opened.size).toBe(size);
    expect(opened.root.equals(rootOf(hashes.slice(0, size)))).toBe(true);
  }
  expect(new Set(checkpoints.map(({ checkpoint }) => checkpoint.split("\n")[0])).size).toBe(1);
});

test("leaves find their place by themselves, and the metrics say how many wait and since when", async () => {
  logs = await openLogs();
  const { db, ring } = logs;
  await logs.append("one", 5);
  const metrics = createMetrics();
  let now = 61_001;
  const sequencer = startSequencer({ db, ring, metrics, log: silentLog, now: () => now });
  const read = async () => [
    (await metrics.unsequencedLeaves.get()).values[0]?.value,
    (await metrics.logSecondsBehind.get()).values[0]?.value,
  ];
  // No key is valid at that time: nothing is signed, nothing is lost, and everybody can see it.
  await vi.waitFor(async () => expect(await read()).toEqual([5, 61]));
  now = Date.now() + 1000;
  await vi.waitFor(async () => expect(await logs.hashes("one")).toHaveLength(5), 5000);
  await vi.waitFor(async () => expect(await read()).toEqual([0, 0]), 5000);
  await sequencer.stop();
});

test("a leaf that nobody has seen is not in the log, and an empty log has no checkpoint", async () => {
  logs = await openLogs();
  expect(await latestCheckpoint(logs.db, "one")).toBeUndefined();
  expect(await proveInclusion(logs.db, "one", "leaf-1")).toBeUndefined();
  expect(await proveConsistency(logs.db, "one", 0, 0)).toEqual([]);
  await logs.append("one", 1);
  expect(await proveInclusion(logs.db, "one", "leaf-1")).toBeUndefined();
  await sequence(logs.db, logs.ring, "one", Date.now);
  const { checkpoint, hashes } = (await proveInclusion(logs.db, "one", "leaf-1"))!;
  expect(hashes).toEqual([]);
  const [only] = await logs.hashes("one");
  expect(openCheckpoint(checkpoint, logs.ring.published())!.root.equals(only!)).toBe(true);
  expect(only!.equals(leafHash("another"))).toBe(false);
});
