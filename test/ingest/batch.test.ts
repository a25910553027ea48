import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument, PRIORITY } from "../../ingest/accept.ts";
import { patchDocument } from "../../ingest/documents.ts";
import { inGroups } from "../../ingest/in-groups.ts";
import type { Parse } from "../../ingest/pipeline.ts";
import { startWorker, type Worker } from "../../ingest/worker/app.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";

let rig: Rig;
let worker: Worker | undefined;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await rig.close();
});

const accept = (uri: string, text: string | Uint8Array) =>
  acceptDocument(rig.store, {
    tenant: "local",
    subject: "admin",
    collection: "default",
    uri,
    fileName: "a.txt",
    mediaType: "text/plain",
    bytes: typeof text === "string" ? new TextEncoder().encode(text) : text,
    priority: PRIORITY.upload,
  });
const visible = async () =>
  (await rig.db.get<{ count: number }>("select count(current_version) as count from document"))!.count;
const start = (parse: Parse) => {
  const { db, blobs, index } = rig;
  worker = startWorker({ db, blobs, index, parse, log: silentLog, metrics: createMetrics() });
  return worker;
};

/** Texts with SLOW in them are parsed when `go` is called, or never if parsing is given up. */
function gated(): { parse: Parse; go: () => void; started: () => number } {
  const gate = Promise.withResolvers<void>();
  let started = 0;
  const parse: Parse = async (input, signal) => {
    started += 1;
    if (new TextDecoder().decode(input.bytes.subarray(0, 100)).includes("SLOW")) await gate.promise;
    return paragraphParse(input, signal);
  };
  return { parse, go: gate.resolve, started: () => started };
}

test("a document is visible as soon as it is parsed, whatever the slowest of its batch does", async () => {
  await accept("slow", "SLOW");
  for (let i = 0; i < 8; i++) await accept(`quick-${i}`, `quick ${i}`);
  const { parse, go } = gated();
  start(parse);
  await vi.waitFor(async () => expect(await visible()).toBe(8), { timeout: 5000 });
  go();
  await worker!.idle();
  expect(await visible()).toBe(9);
});

test("a changed ACL does not wait for the documents that were leased with it", async () => {
  const { versionId, documentId } = await accept("known", "known");
  await rig.work();
  await accept("slow", "SLOW");
  const refile = () => Promise.reject(new Error("down"));
  await patchDocument({ ...rig.store, index: { refile } }, LOCAL_ADMIN, documentId, { acl: ["user:ann"] }).catch(
    () => {},
  );
  const { parse, go, started } = gated();
  start(parse);
  await vi.waitFor(() => expect(started()).toBe(1));
  expect(rig.held.get(versionId)!.filing.acl).toEqual(["user:ann"]);
  go();
  await worker!.idle();
});

test("large documents make short batches, and what is left over is free for another worker", async () => {
  for (let i = 0; i < 4; i++) await accept(`large-${i}`, new TextEncoder().encode(`SLOW ${i}`.padEnd(10_000_000)));
  const { parse, go, started } = gated();
  start(parse);
  await vi.waitFor(() => expect(started()).toBe(1));
  expect(
    await rig.db.all("select state, count(*) as count, max(leases) as leases from job group by state order by state"),
  ).toEqual([
    { state: "leased", count: 1, leases: 1 },
    { state: "ready", count: 3, leases: 0 },
  ]);
  go();
  await worker!.idle();
  expect(await visible()).toBe(4);
});

test("groups grow while one is being published, and nothing is prepared beyond what may be held", async () => {
  const groups: number[][] = [];
  let [held, most] = [0, 0];
  const items = Array.from({ length: 40 }, (_, i) => i);
  await inGroups(
    items,
    { limit: 4, maxHeld: 8, weigh: () => 1 },
    async (item) => {
      held += 1;
      most = Math.max(most, held);
      return item === 3 ? undefined : item;
    },
    async (group) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      groups.push([...group]);
      held -= group.length;
    },
  );
  expect(groups.flat().sort((a, b) => a - b)).toEqual(items.filter((item) => item !== 3));
  expect(groups.length).toBeLessThan(20);
  expect(most).toBeLessThanOrEqual(8 + 4 + 1);
});

test("a group that cannot be published ends the work with its reason", async () => {
  const failing = inGroups(
    [1, 2, 3],
    { limit: 2, maxHeld: 1, weigh: () => 1 },
    async (item) => item,
    async () => {
      throw new Error("The disk is full");
    },
  );
  await expect(failing).rejects.toThrow("The disk is full");
});
