import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Permit } from "../../services/gateway/limits/limits.ts";
import { AppError } from "../../services/shared/errors.ts";
import { admitted, limitsRig, outcomeOf, type Replica, sharedDatabase, tableOf } from "../helpers/limits-rig.ts";

const RUNS = 40;
const MINUTE_MS = 60_000;

let shared: Awaited<ReturnType<typeof sharedDatabase>>;
beforeEach(async () => {
  shared = await sharedDatabase();
});
afterEach(() => shared.close());

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("admit" as const), on: fc.nat(2), tokens: fc.nat(120), at: fc.nat(3) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      nth: fc.nat(20),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("tick" as const), seconds: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), on: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), on: fc.nat(2) }) },
);

test("in any order of requests, settlements, pauses, crashes and ends, replicas together never grant more than the limit", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const rig = limitsRig();
      // A tenant of its own: all runs use one database.
      const caller = { tenant: `t${run++}`, keyId: undefined };
      const [requests, tokens, streams] = [20, 400, 8];
      const table = tableOf({ requestsPerMinute: requests, tokensPerDay: tokens, concurrentStreams: streams });
      const start = (): Replica => rig.start(table, shared.quota);
      const replicas = [start(), start(), start()];
      const open: { permit: Permit; tokens: number; replica: Replica }[] = [];
      let [used, admittedNow] = [0, 0];
      const pending = new Set<Promise<void>>();
      const admit = async (replica: Replica, amount: number): Promise<void> => {
        const outcome = await outcomeOf(replica, amount, caller);
        if (outcome instanceof AppError) return;
        used += amount;
        admittedNow += 1;
        open.push({ permit: outcome, tokens: amount, replica });
        expect(used).toBeLessThanOrEqual(tokens);
        expect(admittedNow).toBeLessThanOrEqual(requests);
        expect(open.length).toBeLessThanOrEqual(streams);
      };
      for (const action of steps) {
        if (action.do === "admit") {
          const asked = admit(replicas[action.on]!, action.tokens);
          pending.add(asked);
          if (action.at === 0) await Promise.all(pending);
        } else if (action.do === "settle") {
          const [one] = open.splice(action.nth % Math.max(1, open.length), 1);
          if (!one) continue;
          const real = Math.floor(one.tokens * action.share);
          used -= one.tokens - real;
          one.permit.settle(real, 0);
        } else if (action.do === "tick") {
          await Promise.all(pending);
          // The minute must not end, or its limit begins anew; the steps fit into it.
          if (rig.now() % MINUTE_MS < 30_000) await rig.live(action.seconds);
        } else {
          await Promise.all(pending);
          const gone = replicas[action.on]!;
          // Its streams end with it: to the others a crash looks like silence.
          for (let i = open.length - 1; i >= 0; i--) if (open[i]!.replica === gone) open.splice(i, 1);
          if (action.do === "close") await gone.close();
          replicas[action.on] = start();
        }
      }
      await Promise.all(pending);
    }),
    { numRuns: RUNS },
  );
}, 120_000);

test.each([
  [100, 10],
  [1000, 10],
  [10_000, 100],
])(
  "of %d a day, two replicas of which one has a tenth of the load can use nine tenths before it is refused",
  async (limit, burst) => {
    const rig = limitsRig();
    const table = tableOf({ tokensPerDay: limit });
    const [busy, quiet] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
    let granted = 0;
    for (let second = 0; second < 10_000; second++) {
      const got = await admitted(busy, burst, 1);
      granted += got;
      if (second % 2 === 0) granted += await admitted(quiet, Math.ceil(burst / 5), 1);
      if (got < burst) break;
      await rig.live(1);
    }
    expect(granted).toBeGreaterThanOrEqual(0.9 * limit);
    expect(granted).toBeLessThanOrEqual(limit);
  },
);

test("when the load moves from one replica to the other, no more than a tenth of the limit stays behind", async () => {
  const rig = limitsRig();
  const table = tableOf({ tokensPerDay: 1000 });
  const [first, second] = [rig.start(table, shared.quota), rig.start(table, shared.quota)];
  let granted = await admitted(first, 600, 1);
  expect(granted).toBe(600);
  granted += await admitted(second, 1000, 1);
  await rig.live(7);
  granted += await admitted(second, 1000, 1);
  expect(granted).toBeGreaterThanOrEqual(990);
  expect(granted).toBeLessThanOrEqual(1000);
});
