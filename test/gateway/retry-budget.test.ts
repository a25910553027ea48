import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../services/gateway/routing/backoff.ts";
import { createRetryBudget, type RetryBudget } from "../../services/gateway/routing/retry-budget.ts";

/** How many retries it grants in a row. */
function granted(budget: RetryBudget): number {
  let count = 0;
  while (budget.mayRetry()) count += 1;
  return count;
}

function requests(budget: RetryBudget, count: number): void {
  for (let i = 0; i < count; i++) budget.request();
}

test("a gateway without traffic may retry ten times, and again as time passes", () => {
  let now = 5_000;
  const budget = createRetryBudget({ now: () => now });
  expect(granted(budget)).toBe(10);
  now += 999;
  expect(granted(budget)).toBe(0);
  now += 1;
  expect(granted(budget)).toBe(1);
  now += 3_600_000;
  expect(granted(budget)).toBe(10);
});

test("ten requests bring one retry, and a long good time no more than a hundred", () => {
  const budget = createRetryBudget({ now: () => 0 }, { share: 0.1, reserve: 0 });
  requests(budget, 9);
  expect(granted(budget)).toBe(0);
  requests(budget, 1);
  expect(granted(budget)).toBe(1);
  requests(budget, 100_000);
  expect(granted(budget)).toBe(100);
});

test("when every request asks for a retry, a tenth of them gets one beside the reserve", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 300 }), (pauses) => {
      let now = 0;
      let retries = 0;
      const budget = createRetryBudget({ now: () => now });
      for (const pause of pauses) {
        now += pause;
        budget.request();
        if (budget.mayRetry()) retries += 1;
      }
      expect(retries).toBeLessThanOrEqual(0.1 * pauses.length + 10 + now / 1000);
      expect(retries).toBeGreaterThanOrEqual(Math.min(pauses.length, 10));
    }),
  );
});

test("pauses are anything up to 50 ms at first, twice as much each time, and 2 s at most", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backoffMs(attempt, () => 1));
  expect(longest).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
  expect(backoffMs(3, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.5)).toBe(100);
});

test("Retry-After is the least pause up to 5 s, and beyond that nobody waits", () => {
  expect(backoffMs(1, () => 0, 5)).toBe(5001);
  expect(backoffMs(2, () => 0.5, 1)).toBe(1051);
  expect(backoffMs(1, () => 0.5, 0)).toBe(25);
  expect(backoffMs(1, () => 0, 6)).toBeUndefined();
});
