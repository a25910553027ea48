import fc from "fast-check";
import { expect, test } from "vitest";
import { createOutcomeWindow } from "../../services/gateway/routing/outcome-window.ts";

test("the window counts what a list of its outcomes would", () => {
  const step = fc.record({ wait: fc.nat(6), kind: fc.constantFrom("good", "bad", "broke"), which: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const outcomes = createOutcomeWindow(20);
      const list: { slot: number; ok: boolean }[] = [];
      let at = 0;
      for (const { wait, kind, which } of steps) {
        at += wait;
        const good = list.filter(({ ok }) => ok);
        if (kind === "good") list.push({ slot: outcomes.good(at), ok: true });
        else if (kind === "bad" || good.length === 0) outcomes.bad(at);
        else {
          const begun = good[which % good.length]!;
          outcomes.broke(at, begun.slot);
          list.splice(list.indexOf(begun), 1);
        }
        if (kind !== "good") list.push({ slot: Math.floor(at / 2), ok: false });
        const kept = list.filter(({ slot }) => slot > Math.floor(at / 2) - 10);
        expect(outcomes.badShare(1)).toBeCloseTo(kept.filter(({ ok }) => !ok).length / kept.length);
      }
    }),
  );
});

test("outcomes are forgotten after the window, and a share needs enough of them", () => {
  const outcomes = createOutcomeWindow(1000);
  const slot = outcomes.good(0);
  outcomes.bad(950);
  expect([outcomes.badShare(2), outcomes.badShare(3)]).toEqual([0.5, 0]);
  outcomes.broke(1050, slot);
  expect(outcomes.badShare(2)).toBe(1);
  outcomes.bad(5000);
  expect([outcomes.badShare(1), outcomes.badShare(2)]).toEqual([1, 0]);
  outcomes.clear();
  expect(outcomes.badShare(0)).toBe(0);
});
