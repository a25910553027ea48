import { describe, expect, test } from "vitest";
import { bootstrap, mcnemar, meanDrop, resolvableDrop } from "../../evals/gate/paired.ts";

const pairs = (lost: number, gained: number, same: number) => [
  ...Array.from({ length: lost }, () => ({ before: 1, after: 0 })),
  ...Array.from({ length: gained }, () => ({ before: 0, after: 1 })),
  ...Array.from({ length: same }, () => ({ before: 1, after: 1 })),
];

describe("paired statistics", () => {
  test("McNemar's exact test, by hand", () => {
    expect(mcnemar(6, 0)).toBeCloseTo(1 / 64);
    // 1 and 7 of 8 changes: (1 + 8) / 256.
    expect(mcnemar(7, 1)).toBeCloseTo(9 / 256);
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(0, 5)).toBe(1);
  });

  test("the drop is the mean fall, and the interval is about two standard errors wide on each side", () => {
    const { drop, interval } = meanDrop(pairs(12, 0, 108), 1);
    expect(drop).toBeCloseTo(0.1);
    const error = Math.sqrt((0.1 * 0.9) / 120);
    expect(interval.low).toBeGreaterThan(0.1 - 2.4 * error);
    expect(interval.low).toBeLessThan(0.1 - 1.5 * error);
    expect(interval.high).toBeGreaterThan(0.1 + 1.5 * error);
    expect(interval.high).toBeLessThan(0.1 + 2.4 * error);
  });

  test("the same for every question needs no lot", () => {
    expect(meanDrop(pairs(0, 0, 9), 1)).toEqual({ drop: 0, interval: { low: 0, high: 0 } });
  });

  test("a seed gives the same interval again", () => {
    const mean = (rows: readonly number[]): number => rows.reduce((a, b) => a + b, 0) / rows.length;
    const values = Array.from({ length: 50 }, (_, i) => i);
    expect(bootstrap(values, mean, 7)).toEqual(bootstrap(values, mean, 7));
    expect(bootstrap(values, mean, 7)).not.toEqual(bootstrap(values, mean, 8));
  });

  test("50 questions cannot see two points, 3,000 can", () => {
    expect(resolvableDrop(pairs(0, 0, 50))).toBeCloseTo(0.12);
    expect(resolvableDrop(pairs(3, 3, 3000))).toBeLessThan(0.02);
  });
});
