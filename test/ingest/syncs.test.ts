import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "#shared/log.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import type { List } from "../../ingest/sources/listing.ts";
import { startSyncs } from "../../ingest/sources/run-syncs.ts";
import { openSource, sourceById } from "../../ingest/sources/sources.ts";
import { askForSync, createSyncQueue } from "../../ingest/sources/sync-queue.ts";
import { isAlarming } from "../../ingest/sources/sync-source.ts";
import { openRig, person, type Rig } from "../helpers/ingest-rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  mkdirSync(join(rig.folder, "docs"));
  for (const name of ["a", "b"]) writeFileSync(join(rig.folder, `docs/${name}.md`), name);
});
afterEach(() => rig.close());

async function call(method: "GET" | "POST" | "DELETE", url: string, payload?: object, name?: string) {
  const response = await rig.server.inject({
    method,
    url,
    ...(payload && { payload }),
    headers: name ? { "x-person": name } : {},
  });
  return { status: response.statusCode, body: response.json() };
}
const uploadByHand = () =>
  acceptDocument(rig.store, {
    tenant: "local",
    subject: "ann",
    collection: "default",
    uri: "upload:///x.md",
    fileName: "x.md",
    mediaType: "text/markdown",
    bytes: new TextEncoder().encode("by hand"),
    priority: 1,
  });
const add = async (more: object = {}) =>
  (await call("POST", "/v1/sources", { kind: "folder", location: join(rig.folder, "docs"), ...more })).body;
async function ended(id: string) {
  for (;;) {
    const { body } = await call("GET", `/v1/sources/${id}`);
    if (body.state === "idle" && body.attempted_at !== null) return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
async function synced(id: string, body: object = {}) {
  await rig.db.run("update source set attempted_at = null where id = $1", [id]);
  expect((await call("POST", `/v1/sources/${id}/sync`, body)).status).toBe(202);
  return ended(id);
}

test("a sync that was asked for runs beside the worker and leaves a report", async () => {
  rig.startSyncs();
  const { id } = await add();
  expect(await synced(id)).toMatchObject({
    report: { added: 2, changed: 0, removed: 0, dry_run: false },
    problem: null,
    progress: null,
  });
  expect((await call("GET", "/v1/documents")).body.documents).toHaveLength(2);
});

test("a dry run is told apart, and takes nothing in", async () => {
  rig.startSyncs();
  const { id } = await add();
  const plan = { added: ["file:docs/a.md", "file:docs/b.md"], changed: [], removed: [] };
  expect(await synced(id, { dry_run: true })).toMatchObject({
    synced_at: null,
    report: { added: 2, dry_run: true, plan },
  });
  expect((await call("GET", "/v1/documents")).body.documents).toHaveLength(0);
});

test("removals that would empty a source are held until somebody allows them", async () => {
  rig.startSyncs();
  const { id } = await add();
  await synced(id);
  for (const name of ["a", "b"]) rmSync(join(rig.folder, `docs/${name}.md`));
  const held = await synced(id);
  expect(held).toMatchObject({ report: { removed: 0, held: 2 }, problem: { code: "removals_held" } });
  expect(await synced(id, { allow_removals: true })).toMatchObject({ report: { removed: 2 }, problem: null });
});

test("half of a source may go, most of it may not", () => {
  expect(isAlarming(0, 0, 0)).toBe(false);
  expect(isAlarming(1, 0, 1)).toBe(true);
  expect(isAlarming(9, 1, 8)).toBe(false);
  expect(isAlarming(100, 50, 50)).toBe(false);
  expect(isAlarming(100, 49, 51)).toBe(true);
  expect(isAlarming(100, 100, 100), "a rename of everything").toBe(false);
});

test("a source that cannot be listed keeps its documents and says why", async () => {
  rig.startSyncs();
  const { id } = await add();
  await synced(id);
  rmSync(join(rig.folder, "docs"), { recursive: true });
  const failed = await synced(id);
  expect(failed.problem).toMatchObject({ code: "invalid_request", message: expect.stringContaining("does not exist") });
  expect((await call("GET", "/v1/documents")).body.documents).toHaveLength(2);
});

test("a source is synced when its schedule is due, once for all times that were missed", async () => {
  const { id } = await add({ schedule: "*/5 * * * *", timezone: "Europe/Berlin" });
  const before = Date.now();
  await rig.db.run("update source set next_at = $1 where id = $2", [before - 3_600_000, id]);
  rig.startSyncs();
  const after = await ended(id);
  expect(after).toMatchObject({ report: { added: 2 }, schedule: "*/5 * * * *", timezone: "Europe/Berlin" });
  expect(Date.parse(after.next_sync_at)).toBeGreaterThan(before);
  expect(await rig.db.get("select count(*) as count from audit where action = 'source.sync'")).toEqual({ count: 1 });
});

test("a schedule that cannot be read is refused by name", async () => {
  const location = join(rig.folder, "docs");
  for (const [schedule, timezone, param] of [
    ["every night", "UTC", "schedule"],
    ["* * * * * *", "UTC", "schedule"],
    ["0 0 30 2 *", "UTC", "schedule"],
    ["0 3 * * *", "Europe/Nowhere", "timezone"],
  ])
    expect(await call("POST", "/v1/sources", { kind: "folder", location, schedule, timezone })).toMatchObject({
      status: 400,
      body: { param },
    });
});

test("adding a source again changes its schedule and nothing else", async () => {
  const first = await add({ schedule: "0 3 * * *" });
  expect(first).toMatchObject({ timezone: "UTC", schedule: "0 3 * * *" });
  expect(await add({})).toMatchObject({ id: first.id, schedule: null, next_sync_at: null });
  const actions = await rig.db.all("select action from audit where target = $1 order by at, id", [first.id]);
  expect(actions.map(({ action }) => action).sort()).toEqual(["source.create", "source.update"]);
});

test("only one of many processes syncs a source, and another one takes over from one that died", async () => {
  const source = await openSource(rig.store, {
    tenant: "local",
    subject: "ann",
    kind: "folder",
    location: join(rig.folder, "docs"),
    collection: "default",
    acl: ["tenant"],
  });
  let clock = Date.now();
  const queue = createSyncQueue(
    rig.db,
    () => clock,
    () => crypto.randomUUID(),
  );
  await askForSync(rig.db, source, { subject: "bob", dryRun: false, allowRemovals: true }, clock);
  const taken = await Promise.all([queue.lease(), queue.lease(), queue.lease()]);
  const [first, ...others] = taken.filter((one) => one !== undefined);
  expect(others).toEqual([]);
  expect(first!.asked).toEqual({ subject: "bob", dryRun: false, allowRemovals: true });
  await expect(
    askForSync(rig.db, source, { subject: "ann", dryRun: false, allowRemovals: false }, clock),
  ).rejects.toThrow("being synced");
  clock += 61_000;
  const second = await queue.lease();
  expect(second!.asked).toEqual(first!.asked);
  expect(await queue.renew(first!, {})).toBe(false);
  expect(await queue.fail(first!, "internal", "late")).toBe(false);
  clock += 61_000;
  await queue.lease();
  clock += 61_000;
  expect(await queue.lease()).toBeUndefined();
  expect(await sourceById(rig.db, "local", source.id)).toMatchObject({ sync_state: "idle", problem_code: "internal" });
});

test("a process that is told to end gives its sync to the next one", async () => {
  const { id } = await add();
  const begun = Promise.withResolvers<void>();
  const never: List = async function* (signal) {
    begun.resolve();
    await new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
    yield* [];
  };
  const first = startSyncs({ store: rig.store, listOf: () => never, wake: () => {}, log: silentLog });
  await call("POST", `/v1/sources/${id}/sync`);
  await begun.promise;
  expect((await call("DELETE", `/v1/sources/${id}`)).status).toBe(409);
  await first.stop();
  expect((await call("GET", `/v1/sources/${id}`)).body.state).toBe("queued");
  rig.startSyncs();
  expect(await ended(id)).toMatchObject({ report: { added: 2 } });
});

test("a long sync keeps no other source waiting, and the end of both is heard", async () => {
  const { id } = await add();
  const long = await add({ collection: "long" });
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const waits: List = async function* () {
    begun.resolve();
    await end.promise;
    yield { type: "revision-read", revision: "x" };
  };
  const quick: List = async function* () {
    yield { type: "revision-read", revision: "y" };
  };
  const listOf = (source: { readonly id: string }) => (source.id === long.id ? waits : quick);
  const runner = startSyncs({ store: rig.store, listOf, wake: () => {}, log: silentLog });
  await call("POST", `/v1/sources/${long.id}/sync`);
  await begun.promise;
  for (let i = 0; i < 3; i++) expect(await synced(id)).toMatchObject({ report: { revision: "y" } });
  expect((await call("GET", `/v1/sources/${long.id}`)).body.state).toBe("running");
  end.resolve();
  expect(await ended(long.id)).toMatchObject({ report: { revision: "x" } });
  await runner.stop();
});

test("an upload that comes after a sync is read before it", async () => {
  rig.startSyncs();
  const { id } = await add();
  await synced(id);
  const upload = await uploadByHand();
  expect((await rig.queue.lease(1)).map((job) => job.id)).toEqual([upload.jobId]);
});

test("a source is removed without its documents, or with them, and never with an upload", async () => {
  rig.startSyncs();
  await uploadByHand();
  const { id } = await add();
  await synced(id);
  expect((await call("DELETE", `/v1/sources/${id}`)).body).toEqual({ id, documents_removed: 0 });
  expect((await call("GET", "/v1/documents")).body.documents).toHaveLength(3);
  const other = await add({ collection: "other" });
  await synced(other.id);
  expect((await call("DELETE", `/v1/sources/${other.id}?documents=delete`)).body).toEqual({
    id: other.id,
    documents_removed: 2,
  });
  expect((await call("GET", "/v1/documents")).body.documents).toHaveLength(3);
  expect((await call("GET", `/v1/sources/${id}`)).status).toBe(404);
});

test("sources are an administrator's, of their own tenant", async () => {
  rig.people.set("ann", person("ann", ["ingest"]));
  rig.people.set("eve", person("eve", ["admin"], "other"));
  const { id } = await add();
  for (const [method, path] of [
    ["GET", ""],
    ["POST", "/sync"],
    ["DELETE", ""],
  ] as const) {
    expect((await call(method, `/v1/sources/${id}${path}`, undefined, "ann")).status).toBe(403);
    expect((await call(method, `/v1/sources/${id}${path}`, undefined, "eve")).status).toBe(404);
  }
  expect((await call("GET", "/v1/sources", undefined, "eve")).body.sources).toEqual([]);
});

test("without being the operator, only what was opened is a source, also by a link that leads elsewhere", async () => {
  const closed = await openRig({
    isOperator: false,
    folders: [join(rig.folder, "docs")],
    prefixes: ["s3://open/docs"],
    blobs: "s3://open/docs/cairn",
  });
  const post = async (kind: string, location: string) =>
    (await closed.server.inject({ method: "POST", url: "/v1/sources", payload: { kind, location } })).statusCode;
  expect(await post("folder", join(rig.folder, "docs"))).toBe(201);
  expect(await post("git", join(rig.folder, "docs"))).toBe(201);
  expect(await post("folder", join(rig.folder, "docs/.."))).toBe(403);
  expect(await post("folder", `${join(rig.folder, "docs")}2`)).toBe(403);
  symlinkSync(rig.folder, join(rig.folder, "docs/out"));
  expect(await post("folder", join(rig.folder, "docs/out"))).toBe(403);
  expect(await post("s3", "s3://open/docs/guide")).toBe(201);
  expect(await post("s3", "s3://open/docs2")).toBe(403);
  expect(await post("s3", "s3://other")).toBe(403);
  expect(await post("s3", "s3://open/docs"), "the stored files are below").toBe(403);
  expect(await post("s3", "s3://open/docs/cairn/tenant"), "it is among the stored files").toBe(403);
  for (const location of [
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://[::ffff:a9fe:a9fe]/",
    "https://example.org:8443/",
  ])
    expect(await post("web", location), location).toBe(403);
  expect(await post("web", "https://example.org/")).toBe(201);
  await closed.close();
});
