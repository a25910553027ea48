import { afterEach, beforeEach, expect, test } from "vitest";
import { grantPlaces } from "../../services/gateway/limits/grant-places.ts";
import type { Permit } from "../../services/gateway/limits/limits.ts";
import { AppError } from "../../services/shared/errors.ts";
import { admitted, limitsRig, outcomeOf, type Replica, sharedDatabase, soon, tableOf } from "../helpers/limits-rig.ts";

let shared: Awaited<ReturnType<typeof sharedDatabase>>;
let rig: ReturnType<typeof limitsRig>;
beforeEach(async () => {
  shared = await sharedDatabase();
  rig = limitsRig();
});
afterEach(() => shared.close());

const two = (concurrentStreams: number): [Replica, Replica] => {
  const table = tableOf({ concurrentStreams });
  return [rig.start(table, shared.quota), rig.start(table, shared.quota)];
};
const enter = async (replica: Replica): Promise<Permit> => {
  const outcome = await outcomeOf(replica);
  if (outcome instanceof AppError) throw outcome;
  return outcome;
};

test("all places are usable, whichever replica the streams are on", async () => {
  const [a, b] = two(5);
  expect(await admitted(a, 1)).toBe(1);
  expect(await admitted(b, 9)).toBe(4);
  expect(await outcomeOf(a)).toMatchObject({ code: "rate_limited", retryAfterSeconds: 1 });
});

test("a place that became free on one replica is the other's within two seconds", async () => {
  const [a, b] = two(2);
  const permits = [await enter(a), await enter(a)];
  expect(await admitted(b, 1)).toBe(0);
  permits[0]?.settle(0, 0);
  await rig.live(2);
  expect(await admitted(b, 2)).toBe(1);
});

test("the places of a crashed replica come back after a minute, those of a living one are renewed", async () => {
  const [crashed, living] = two(10);
  const { quota, db } = shared;
  expect(await admitted(living, 3)).toBe(3);
  expect(await admitted(crashed, 7)).toBe(7);
  // From here on the crashed one says nothing more to the database.
  await crashed.close();
  await db.run("update quota_places set holders = $1", [
    (await holders()).replace("}}", `},"crashed":{"places":7,"expiresAt":${rig.now() + 60_000}}}`),
  ]);
  await rig.live(58);
  expect(await admitted(living, 1)).toBe(0);
  await rig.live(3);
  expect(await admitted(living, 10)).toBe(7);
  const newcomer = rig.start(tableOf({ concurrentStreams: 10 }), quota);
  await rig.live(120);
  expect(await admitted(newcomer, 1)).toBe(0);
});

async function holders(): Promise<string> {
  return (await shared.db.get<{ holders: string }>("select holders from quota_places"))?.holders ?? "{}";
}

test("streams go on while the database is away, but places that may have been given to others are not used again", async () => {
  let away = false;
  const quota = {
    ...shared.quota,
    claimPlaces: (places: Parameters<typeof shared.quota.claimPlaces>[0]) =>
      away ? Promise.reject(new Error("connection refused")) : shared.quota.claimPlaces(places),
  };
  const table = tableOf({ concurrentStreams: 100 });
  const [cut, other] = [rig.start(table, quota), rig.start(table, shared.quota)];
  const permits = await Promise.all(Array.from({ length: 50 }, () => enter(cut)));
  away = true;
  permits[0]?.settle(0, 0);
  await enter(cut);
  await rig.live(61);
  permits[1]?.settle(0, 0);
  expect(await outcomeOf(cut)).toMatchObject({ code: "unavailable" });
  expect(await admitted(other, 100)).toBe(100);
  away = false;
  await rig.live(2);
  // It has 49 running: nobody else gets in until the two replicas together are below the limit.
  expect(await outcomeOf(cut)).toMatchObject({ code: "rate_limited" });
  for (const permit of permits) permit.settle(0, 0);
  await rig.live(8);
  expect(await outcomeOf(cut)).toMatchObject({ code: "rate_limited" });
});

test("streams that come and go do not ask the database each time", async () => {
  let asked = 0;
  const quota = {
    ...shared.quota,
    claimPlaces: (places: Parameters<typeof shared.quota.claimPlaces>[0]) => {
      asked += 1;
      return shared.quota.claimPlaces(places);
    },
  };
  const replica = rig.start(tableOf({ concurrentStreams: 100 }), quota);
  (await enter(replica)).settle(0, 0);
  for (let i = 0; i < 1000; i++) (await enter(replica)).settle(0, 0);
  await soon();
  expect(asked).toBeLessThan(5);
});

test("a grant is what the others leave, and never less than what is running", () => {
  const ask = { account: "a", holder: "me", running: 0, wanted: 5, limit: 10, now: 1000, expiresAt: 2000 };
  const other = { other: { places: 8, expiresAt: 1001 } };
  expect(grantPlaces({}, ask)).toEqual({ granted: 5, holders: { me: { places: 5, expiresAt: 2000 } } });
  expect(grantPlaces(other, ask).granted).toBe(2);
  expect(grantPlaces(other, { ...ask, running: 4 }).granted).toBe(4);
  expect(grantPlaces(other, { ...ask, now: 1001 })).toEqual({
    granted: 5,
    holders: { me: { places: 5, expiresAt: 2000 } },
  });
  expect(grantPlaces({ ...other, me: { places: 2, expiresAt: 1500 } }, { ...ask, wanted: 0 }).holders).toEqual(other);
});
