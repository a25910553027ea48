import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "#shared/log.ts";
import type { List } from "../../ingest/sources/listing.ts";
import { startSyncs } from "../../ingest/sources/run-syncs.ts";
import { nextRun } from "../../ingest/sources/schedule.ts";
import { openSource, removeSource, type Source, sourceById } from "../../ingest/sources/sources.ts";
import { askForSync, createSyncQueue } from "../../ingest/sources/sync-queue.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

let rig: Rig;
let clock: number;
beforeEach(async () => {
  rig = await openRig();
  clock = Date.now();
});
afterEach(() => rig.close());

const scheduled = (location: string, schedule?: string): Promise<Source> =>
  openSource(rig.store, {
    ...{ tenant: "local", subject: "ann", kind: "folder", location, collection: "default", acl: ["tenant"], schedule },
  });
const queueOf = () =>
  createSyncQueue(
    rig.db,
    () => clock,
    () => crypto.randomUUID(),
  );
const current = ({ id }: Source): Promise<Source> => sourceById(rig.db, "local", id);
const REPORT = { added: 0, changed: 0, removed: 0, unchanged: 0, skipped: [] };

test("only five fields are a schedule: a date that comes once and a nickname are none", () => {
  for (const schedule of ["2030-01-01T00:00:00", "2030-01-01", "@daily", "0 3 * *", "0 3 * * * 2030"])
    expect(() => nextRun(schedule, "UTC", clock), schedule).toThrow("is not a cron expression of five fields");
  expect(nextRun(" 0  3 * * * ", "UTC", Date.UTC(2026, 0, 1))).toBe(Date.UTC(2026, 0, 1, 3));
});

test("a schedule that can no longer be read stops by itself, says so and keeps no other source waiting", async () => {
  const [bad, good] = [await scheduled("/bad", "0 3 * * *"), await scheduled("/good", "0 3 * * *")];
  await rig.db.run("update source set next_at = $1, timezone = 'Mars/Base' where id = $2", [clock - 2, bad.id]);
  await rig.db.run("update source set next_at = $1 where id = $2", [clock - 1, good.id]);
  const queue = queueOf();
  expect(await queue.lease()).toBeUndefined();
  expect((await queue.lease())?.id).toBe(good.id);
  const { sync_state, next_at, problem_code, problem } = await current(bad);
  expect([sync_state, next_at, problem_code]).toEqual(["idle", null, "invalid_request"]);
  expect(problem).toContain("Mars/Base");
});

test("a dry run that happens to come when a sync is due does not stand in for it", async () => {
  const source = await scheduled("/docs", "0 3 * * *");
  await rig.db.run("update source set next_at = $1 where id = $2", [clock - 1, source.id]);
  await askForSync(rig.db, source, { subject: "bob", dryRun: true, allowRemovals: false }, clock);
  const queue = queueOf();
  const dry = await queue.lease();
  expect(dry!.asked.dryRun).toBe(true);
  await queue.complete(dry!, REPORT);
  expect((await queue.lease())?.asked).toEqual({ subject: "ann", dryRun: false, allowRemovals: false });
});

test("a source that somebody asked for long ago is not always the first", async () => {
  const [asked, other] = [await scheduled("/asked", "0 3 * * *"), await scheduled("/other", "0 3 * * *")];
  const queue = queueOf();
  await askForSync(rig.db, asked, { subject: "bob", dryRun: false, allowRemovals: false }, clock - 86_400_000);
  await queue.complete((await queue.lease())!, REPORT);
  await rig.db.run("update source set next_at = $1 where id = $2", [clock - 1, asked.id]);
  await rig.db.run("update source set next_at = $1 where id = $2", [clock - 5_000, other.id]);
  expect((await queue.lease())?.id).toBe(other.id);
});

test("a removal that a sync gets ahead of leaves the schedule as it was", async () => {
  const source = await scheduled("/docs", "0 3 * * *");
  const begun = Promise.withResolvers<void>();
  const never: List = async function* (signal) {
    begun.resolve();
    await new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
    yield* [];
  };
  const syncs = startSyncs({ store: rig.store, listOf: () => never, wake: () => {}, log: silentLog });
  const { all } = rig.store.db;
  const slow = {
    ...rig.store.db,
    all: async (sql: string, values?: never[]) => {
      await askForSync(rig.db, source, { subject: "bob", dryRun: false, allowRemovals: false }, clock);
      await begun.promise;
      return all(sql, values);
    },
  };
  const owner = { tenant: "local", subject: "ann" };
  await expect(removeSource({ ...rig.store, db: slow as typeof rig.db }, owner, source.id, "delete")).rejects.toThrow(
    "Somebody asked for a sync meanwhile",
  );
  await syncs.stop();
  expect((await current(source)).next_at).toBe(source.next_at);
});
