import { afterEach, beforeEach, expect, test } from "vitest";
import type { Permit } from "../../services/gateway/limits/limits.ts";
import type { Quota } from "../../services/gateway/limits/quota.ts";
import { minuteOf, startOf } from "../../services/gateway/limits/window.ts";
import { AppError } from "../../services/shared/errors.ts";
import { ACME, admitted, limitsRig, outcomeOf, sharedDatabase, soon, tableOf } from "../helpers/limits-rig.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let shared: Awaited<ReturnType<typeof sharedDatabase>>;
let rig: ReturnType<typeof limitsRig>;
beforeEach(async () => {
  shared = await sharedDatabase();
  rig = limitsRig();
});
afterEach(() => shared.close());

/** The quota of a database that may be told to misbehave, and the number of questions that it was asked. */
function moody() {
  let mood: "well" | "failing" | "hanging" = "well";
  let asked = 0;
  const through =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> => {
      asked += 1;
      if (mood === "failing") return Promise.reject(new Error("connection refused"));
      return mood === "hanging" ? new Promise<T>(() => {}) : call(...args);
    };
  const { lease, giveBack, claimPlaces, prune } = shared.quota;
  const quota: Quota = {
    lease: through(lease),
    giveBack: through(giveBack),
    claimPlaces: through(claimPlaces),
    prune: through(prune),
  };
  return {
    quota,
    be(next: typeof mood): void {
      mood = next;
    },
    asked: () => asked,
  };
}

test("two replicas share a limit, and one that is alone can use all of it", async () => {
  const table = tableOf({ requestsPerMinute: 100 });
  const [a, b] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
  expect(await admitted(a, 60)).toBe(60);
  const rest = await admitted(b, 60);
  expect(60 + rest + (await admitted(a, 60))).toBe(100);
  rig.pass(MINUTE_MS);
  expect(await admitted(a, 120)).toBe(100);
});

test("after the first sight of a tenant the database is asked in the background only", async () => {
  const database = moody();
  const replica = rig.start(tableOf({ tokensPerMinute: 1_000_000 }), database.quota);
  expect(replica.admit(ACME, 10)).toBeInstanceOf(Promise);
  await soon();
  for (let i = 0; i < 2000; i++) {
    expect(replica.admit(ACME, 10)).not.toBeInstanceOf(Promise);
    if (i % 100 === 0) await soon();
  }
  expect(database.asked()).toBeLessThan(10);
});

test("a thousand requests at once on first sight are served in a few questions", async () => {
  const database = moody();
  const replica = rig.start(tableOf({ requestsPerMinute: 1000 }), database.quota);
  const outcomes = await Promise.all(Array.from({ length: 1100 }, () => outcomeOf(replica)));
  expect(outcomes.filter((outcome) => !(outcome instanceof AppError)).length).toBe(1000);
  expect(database.asked()).toBeLessThan(10);
});

test("what an idle replica has leased comes back to the others before the window ends", async () => {
  const table = tableOf({ tokensPerDay: 1000 });
  const [a, b] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
  ((await outcomeOf(a, 500)) as Permit).settle(0, 0);
  expect(await admitted(b, 1000, 1)).toBeLessThan(600);
  await rig.live(7);
  const more = await admitted(b, 1000, 1);
  expect(more).toBeGreaterThan(450);
  expect(await outcomeOf(a, 1)).toBeInstanceOf(AppError);
});

test("a replica that closes gives back what it did not use, and admits nobody any more", async () => {
  const table = tableOf({ tokensPerDay: 1000, concurrentStreams: 100 });
  const [a, b] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
  ((await outcomeOf(a, 900)) as Permit).settle(100, 0);
  await a.close();
  expect(await outcomeOf(a, 1)).toMatchObject({ code: "unavailable" });
  const permits = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(b, 9)));
  expect(permits.filter((permit) => permit instanceof AppError)).toEqual([]);
});

test("what a crashed replica had leased is lost for that day only", async () => {
  const table = tableOf({ tokensPerDay: 1000 });
  const [crashed, other] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
  await outcomeOf(crashed, 1);
  expect(await admitted(other, 1000, 1)).toBeGreaterThanOrEqual(900);
  rig.pass(DAY_MS);
  expect(await admitted(other, 1100, 1)).toBe(1000);
});

test("a debt of real usage is paid from the quota of all before anybody gets more", async () => {
  const table = tableOf({ tokensPerMinute: 1000 });
  const [a, b] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
  ((await outcomeOf(a, 10)) as Permit).settle(1500, 0);
  await rig.live(3);
  expect(await outcomeOf(b, 1)).toMatchObject({ code: "rate_limited" });
  rig.pass(MINUTE_MS);
  await rig.live(3);
  expect(await admitted(b, 1000, 1)).toBeGreaterThan(400);
  expect(await admitted(a, 100, 1)).toBeLessThanOrEqual(100);
});

test("cost is shared in fractions of a unit", async () => {
  const table = tableOf({ costPerDay: 0.01 });
  const [a, b] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
  const spend = async (replica: typeof a): Promise<number> => {
    const outcome = await outcomeOf(replica);
    if (outcome instanceof AppError) return 0;
    outcome.settle(1, 0.0000015);
    return 0.0000015;
  };
  let spent = 0;
  for (let i = 0; i < 5000; i++) spent += (await spend(a)) + (await spend(b));
  for (let i = 0; i < 5000; i++) spent += await spend(a);
  expect(spent).toBeGreaterThan(0.009);
  expect(spent).toBeLessThan(0.01001);
});

test.each(["failing", "hanging"] as const)(
  "while the database is %s, what is leased is used up, then requests are refused as unavailable, never let in",
  async (mood) => {
    const database = moody();
    const replica = rig.start(tableOf({ requestsPerMinute: 100 }), database.quota);
    await admitted(replica, 1);
    await soon();
    database.be(mood);
    const granted = await admitted(replica, 50);
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThan(15);
    const started = performance.now();
    expect(await outcomeOf(replica)).toMatchObject({ code: "unavailable", retryAfterSeconds: 1 });
    expect(await outcomeOf(replica, 0, { tenant: "new", keyId: undefined })).toMatchObject({ code: "unavailable" });
    // At most one of them waits for the database, for two seconds.
    expect(performance.now() - started).toBeLessThan(3900);
    database.be("well");
    await rig.live(11);
    expect(await admitted(replica, 10)).toBe(10);
  },
);

test("of a small limit, nothing lies about on replicas that do not need it", async () => {
  const table = tableOf({ requestsPerMinute: 10 });
  const replicas = Array.from({ length: 8 }, () => rig.start(table, shared.quota));
  let granted = 0;
  for (let round = 0; round < 2; round++) for (const replica of replicas) granted += await admitted(replica, 1);
  expect(granted).toBe(10);
});

test("a slice that arrives after its minute has ended is worth nothing in the next", async () => {
  let arrive = (): void => {};
  const late = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  let slow = true;
  const lease: Quota["lease"] = async (slice, limit) => {
    const answer = await shared.quota.lease(slice, limit);
    if (slow) await late;
    return answer;
  };
  const minute = minuteOf("tenant:acme");
  rig.pass(startOf(minute, rig.now()) + MINUTE_MS - 100 - rig.now());
  const replica = rig.start(tableOf({ requestsPerMinute: 100 }), { ...shared.quota, lease });
  const first = outcomeOf(replica);
  await soon();
  rig.pass(200);
  slow = false;
  await replica.tick();
  arrive();
  expect(await first).not.toBeInstanceOf(AppError);
  expect(await admitted(replica, 200)).toBe(99);
});

test("a database that fails is asked once a second, not once a request", async () => {
  const database = moody();
  database.be("failing");
  const replica = rig.start(tableOf({ requestsPerMinute: 100 }), database.quota);
  expect(await admitted(replica, 1000)).toBe(0);
  expect(database.asked()).toBe(1);
});

test("a lowered limit is met by all replicas, and a raised one can be used at once", async () => {
  const [a, b] = [0, 1].map(() => rig.start(tableOf({ tokensPerDay: 1000 }), shared.quota)) as [
    ReturnType<typeof rig.start>,
    ReturnType<typeof rig.start>,
  ];
  expect(await admitted(a, 400, 1)).toBe(400);
  for (const replica of [a, b]) replica.setTable(tableOf({ tokensPerDay: 300 }));
  expect(await admitted(b, 100, 1)).toBe(0);
  expect(await admitted(a, 500, 1)).toBeLessThan(100);
  for (const replica of [a, b]) replica.setTable(tableOf({ tokensPerDay: 2000 }));
  expect(await admitted(b, 500, 1)).toBe(500);
});

test("rows of windows that ended are removed", async () => {
  const replica = rig.start(tableOf({ requestsPerMinute: 100, concurrentStreams: 5 }), shared.quota);
  for (let i = 0; i < 30; i++)
    await outcomeOf(replica, 0, { tenant: `t${i}`, keyId: undefined }).then((permit) =>
      (permit as Permit).settle(0, 0),
    );
  await rig.live(10);
  rig.pass(20 * MINUTE_MS);
  for (let i = 0; i < 300; i++) await replica.tick();
  expect(await shared.db.all("select * from quota_window")).toEqual([]);
  expect(await shared.db.all("select * from quota_places")).toEqual([]);
});
