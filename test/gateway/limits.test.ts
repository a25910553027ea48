import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { Permit } from "../../services/gateway/limits/limits.ts";
import { AppError } from "../../services/shared/errors.ts";
import { ACME, admitted, limitsRig, outcomeOf, START, soon, tableOf } from "../helpers/limits-rig.ts";

const GLOBEX = { tenant: "globex", keyId: undefined };
const DAY_MS = 24 * 60 * 60_000;

const alone = (...[limits, more]: Parameters<typeof tableOf>) => {
  const rig = limitsRig();
  return { rig, limiter: rig.start(tableOf(limits, more), undefined) };
};
const refused = async (...args: Parameters<typeof outcomeOf>): Promise<AppError> => {
  const outcome = await outcomeOf(...args);
  if (outcome instanceof AppError) return outcome;
  throw new Error("It was let in.");
};

test("without limits everybody is let in by one and the same permit, at once", () => {
  const { limiter } = alone({});
  const permit = limiter.admit(ACME, 1e9);
  expect(permit).not.toBeInstanceOf(Promise);
  expect(limiter.admit(GLOBEX, 1)).toBe(permit);
});

test("a tenant's burst of a minute is let in, then the refusal names the limit and the wait", async () => {
  const { rig, limiter } = alone({ requestsPerMinute: 60 });
  expect(await admitted(limiter, 100)).toBe(60);
  const refusal = await refused(limiter);
  expect(refusal).toMatchObject({ code: "rate_limited", retryAfterSeconds: 1 });
  expect(refusal.message).toBe("acme may send 60 requests a minute; try again in 1 s.");
  rig.pass(1000);
  expect(await admitted(limiter, 5)).toBe(1);
  expect(await admitted(limiter, 1)).toBe(0);
  expect(await outcomeOf(limiter, 0, GLOBEX)).not.toBeInstanceOf(AppError);
});

test("waiting for as long as a refusal says is enough", async () => {
  const { rig, limiter } = alone({ tokensPerMinute: 1000 });
  await outcomeOf(limiter, 900);
  const { retryAfterSeconds } = await refused(limiter, 617);
  rig.pass(retryAfterSeconds! * 1000);
  expect(await outcomeOf(limiter, 617)).not.toBeInstanceOf(AppError);
});

test("a tenant's own limits replace the default, and those of a key apply beside them", async () => {
  const key = { tenant: "acme", keyId: "k1" };
  const { limiter } = alone(
    { requestsPerMinute: 1 },
    { tenants: new Map([["acme", { requestsPerMinute: 3 }]]), keys: new Map([["k1", { requestsPerMinute: 2 }]]) },
  );
  await outcomeOf(limiter, 0, key);
  await outcomeOf(limiter, 0, key);
  expect((await refused(limiter, 0, key)).message).toMatch(/^The API key k1 may send 2 requests a minute/);
  // Two of the key's, and one without it: what the key was refused did not count for its tenant.
  expect(await admitted(limiter, 5)).toBe(1);
});

test("a refusal by the tenant leaves nothing counted for the key", async () => {
  const key = { tenant: "acme", keyId: "k1" };
  const { limiter } = alone({ concurrentStreams: 1 }, { keys: new Map([["k1", { tokensPerMinute: 100 }]]) });
  const other = limiter.admit(ACME, 0) as Permit;
  for (let i = 0; i < 5; i++) expect((await refused(limiter, 80, key)).message).toMatch(/^acme may have 1 request/);
  other.settle(0, 0);
  expect(await outcomeOf(limiter, 80, key)).not.toBeInstanceOf(AppError);
});

test("a place is free again when its stream ends, and only once", async () => {
  const { limiter } = alone({ concurrentStreams: 2 });
  const first = (await outcomeOf(limiter)) as Permit;
  await outcomeOf(limiter);
  expect(await refused(limiter)).toMatchObject({ code: "rate_limited", retryAfterSeconds: 1 });
  first.settle(0, 0);
  first.settle(0, 0);
  expect(await admitted(limiter, 3)).toBe(1);
});

test("real usage corrects the reservation: what was not used is there again, what was too much is a debt", async () => {
  const { rig, limiter } = alone({ tokensPerMinute: 600 });
  const generous = (await outcomeOf(limiter, 600)) as Permit;
  await refused(limiter, 1);
  generous.settle(100, 0);
  const modest = (await outcomeOf(limiter, 500)) as Permit;
  modest.settle(1100, 0);
  // 600 tokens below zero: a minute until there is anything at all.
  rig.pass(59_000);
  expect(await refused(limiter, 1)).toMatchObject({ retryAfterSeconds: 2 });
  rig.pass(2_000);
  expect(await outcomeOf(limiter, 1)).not.toBeInstanceOf(AppError);
});

test.each([Number.NaN, -5, Number.POSITIVE_INFINITY])(
  "usage of %d, as a model server may say, changes nothing",
  async (usage) => {
    const { limiter } = alone({ tokensPerMinute: 100, costPerDay: 1 });
    ((await outcomeOf(limiter, 60)) as Permit).settle(usage, usage);
    expect(await outcomeOf(limiter, 41)).toBeInstanceOf(AppError);
    expect(await outcomeOf(limiter, 40)).not.toBeInstanceOf(AppError);
  },
);

test("the daily budget of tokens begins anew at 00:00 UTC", async () => {
  const { rig, limiter } = alone({ tokensPerDay: 1000 });
  await outcomeOf(limiter, 1000);
  const refusal = await refused(limiter, 1);
  expect(refusal.message).toBe("acme may use 1000 tokens a day; the day begins at 00:00 UTC.");
  expect(refusal.retryAfterSeconds).toBe((12 * 60 + 1) * 60);
  rig.pass(refusal.retryAfterSeconds! * 1000 - 1);
  await refused(limiter, 1);
  rig.pass(1);
  expect(await outcomeOf(limiter, 1000)).not.toBeInstanceOf(AppError);
  expect(START + DAY_MS).toBeGreaterThan(rig.now());
});

test("a daily budget of money is spent by real cost, and what went over it is paid from the next day", async () => {
  const { rig, limiter } = alone({ costPerDay: 0.5 });
  ((await outcomeOf(limiter, 10)) as Permit).settle(10, 0.4999);
  ((await outcomeOf(limiter, 10)) as Permit).settle(10, 0.6);
  const refusal = await refused(limiter);
  expect(refusal.message).toBe("acme may spend 0.5 a day; the day begins at 00:00 UTC.");
  rig.pass(DAY_MS);
  await refused(limiter);
  rig.pass(DAY_MS);
  expect(await outcomeOf(limiter)).not.toBeInstanceOf(AppError);
});

test("what a day did not need is no gain of the next", async () => {
  const { rig, limiter } = alone({ tokensPerDay: 1000 });
  const late = (await outcomeOf(limiter, 1000)) as Permit;
  rig.pass(DAY_MS);
  await outcomeOf(limiter, 900);
  late.settle(0, 0);
  await refused(limiter, 101);
});

test("a request that never fits is told so, and a limit of nothing is no invitation to wait", async () => {
  const big = await refused(alone({ tokensPerMinute: 1000 }).limiter, 1001);
  expect(big).toMatchObject({ code: "too_large", retryAfterSeconds: undefined });
  expect(await refused(alone({ requestsPerMinute: 0 }).limiter)).toMatchObject({ code: "forbidden" });
});

test("a reload changes limits, but not what was used", async () => {
  const { rig, limiter } = alone({ requestsPerMinute: 10, tokensPerDay: 100, concurrentStreams: 50 });
  const permits: Permit[] = [];
  for (let i = 0; i < 8; i++) permits.push((await outcomeOf(limiter, 10)) as Permit);
  limiter.setTable(tableOf({ requestsPerMinute: 12, tokensPerDay: 110 }));
  expect(await admitted(limiter, 10, 10)).toBe(3);
  limiter.setTable(tableOf({ requestsPerMinute: 2 }));
  expect(await admitted(limiter, 1)).toBe(0);
  rig.pass(10 * 60_000);
  expect(await admitted(limiter, 9)).toBe(2);
  for (const permit of permits) permit.settle(10, 0);
  limiter.setTable(tableOf({}));
  expect(await admitted(limiter, 100)).toBe(100);
  limiter.setTable(tableOf({ concurrentStreams: 1 }));
  expect(await admitted(limiter, 3)).toBe(1);
});

const liveHeap = (): number => {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
};

test("tenants leave no memory behind once they are idle, and names that somebody makes up never fill it", async () => {
  const { rig, limiter } = alone({ requestsPerMinute: 5, concurrentStreams: 2 });
  const visit = (name: string, count: number): void => {
    for (let i = 0; i < count; i++) (limiter.admit({ tenant: name + i, keyId: undefined }, 0) as Permit).settle(0, 0);
  };
  const before = liveHeap();
  visit("a", 10_000);
  const each = (liveHeap() - before) / 10_000;
  expect(each).toBeLessThan(5000);
  rig.pass(60_000);
  for (let i = 0; i < 10; i++) await limiter.tick();
  expect(liveHeap() - before).toBeLessThan(each * 2000);
  visit("b", 50_000);
  await soon();
  expect(liveHeap() - before).toBeLessThan(each * 25_000);
  await limiter.close();
});
