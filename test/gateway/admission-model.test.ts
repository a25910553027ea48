import fc from "fast-check";
import { expect, test } from "vitest";
import { admissionOracle } from "../helpers/admission-oracle.ts";
import { admissionRig, settled } from "../helpers/admission-rig.ts";

const limits = fc.record({
  maxRequests: fc.integer({ min: 1, max: 8 }),
  maxBytes: fc.integer({ min: 5, max: 60 }),
  maxWaitMs: fc.integer({ min: 5, max: 60 }),
});

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("enter" as const),
      tenant: fc.constantFrom("a", "a", "a", "b", "b", "c", "__proto__"),
      priority: fc.constantFrom("interactive" as const, "interactive" as const, "batch" as const),
      bytes: fc.integer({ min: 0, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("abort" as const), pick: fc.nat(30) }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("release" as const), count: fc.nat(3), afterMs: fc.nat(8) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("limits" as const), limits }) },
);

test("whatever happens, the queue does what a plain list would, and its counts are those of who waits", async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 80 }), async (initial, steps) => {
      const rig = admissionRig(initial, 0, { serves: () => false });
      const oracle = admissionOracle(initial);
      const check = (): void => {
        expect(rig.admission.queued).toBe(oracle.queued());
        expect(rig.admission.queuedBytes).toBe(oracle.queuedBytes());
      };
      for (const one of steps) {
        if (one.kind === "enter") {
          const id = rig.entered.length;
          oracle.enter(id, rig.enter(String(id), one).ticket);
        } else if (one.kind === "abort") {
          // Of the newest ones: those that are likely to wait.
          const id = rig.entered.length - 1 - one.pick;
          rig.entered[id]?.abort("left");
          oracle.abort(id);
        } else if (one.kind === "release") {
          rig.now += one.afterMs;
          rig.release(one.count);
          oracle.release(one.count, rig.now);
        } else {
          rig.admission.setLimits(one.limits);
          oracle.setLimits(one.limits);
        }
        check();
      }
      await settled();
      const late = (outcome: string): string => (outcome === "unavailable" ? "late" : outcome);
      expect(rig.entered.map(({ outcome }) => late(outcome))).toEqual(
        rig.entered.map((_, id) => oracle.outcomes.get(id) ?? "waits"),
      );
      for (const { abort } of rig.entered) abort("left");
      expect([rig.admission.queued, rig.admission.queuedBytes]).toEqual([0, 0]);
    }),
    { numRuns: 500 },
  );
});
