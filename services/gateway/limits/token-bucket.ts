import type { Clock } from "../clock.ts";
import { fits, type Meter } from "./meter.ts";

const MINUTE_MS = 60_000;
/** Sums of fractions miss the round number they add up to. */
const ROUNDING = 1e-6;

/** A minute's allowance that refills evenly: full at the start, so a burst of one minute is let through. Below zero it is a debt. */
export function createBucket(perMinute: number, clock: Clock): Meter {
  let capacity = perMinute;
  let level = capacity;
  let filledAt = clock.now();
  const fill = (): void => {
    const now = clock.now();
    level = Math.min(capacity, level + ((now - filledAt) * capacity) / MINUTE_MS);
    filledAt = now;
  };
  return {
    secondsUntil(amount) {
      if (amount > capacity || capacity <= 0) return Number.POSITIVE_INFINITY;
      fill();
      if (fits(amount, level + ROUNDING)) return 0;
      return ((Math.max(amount, 1) - level) / capacity) * (MINUTE_MS / 1000);
    },
    take(amount) {
      level -= amount;
    },
    settle(more) {
      fill();
      level = Math.min(capacity, level - more);
    },
    setLimit(limit) {
      fill();
      level += limit - capacity;
      capacity = limit;
    },
    idle() {
      fill();
      return level >= capacity;
    },
    tick: () => {},
    close: async () => {},
  };
}
