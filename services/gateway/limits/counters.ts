import { fits, type Meter } from "./meter.ts";
import { secondsToWindow, startOf, type Window } from "./window.ts";

const local = { tick: () => {}, close: async () => {} };

/** Counts what a window used, in memory. What went over the limit is a debt of the next window. */
export function countWindow(limitOfWindow: number, window: Window, now: () => number): Meter {
  let limit = limitOfWindow;
  let used = 0;
  let start = startOf(window, now());
  const roll = (): void => {
    const current = startOf(window, now());
    if (current === start) return;
    start = current;
    used = Math.max(0, used - limit);
  };
  return {
    ...local,
    secondsUntil(amount) {
      if (amount > limit || limit <= 0) return Number.POSITIVE_INFINITY;
      roll();
      return fits(amount, limit - used) ? 0 : secondsToWindow(window, now(), amount + used - limit, limit);
    },
    take(amount) {
      used += amount;
    },
    settle(more, takenAt) {
      roll();
      // What a past window did not need is no gain of this one.
      if (more > 0 || startOf(window, takenAt) === start) used = Math.max(0, used + more);
    },
    setLimit(next) {
      roll();
      limit = next;
    },
    idle() {
      roll();
      return used <= 0;
    },
  };
}

/** Counts what is running, in memory. Nobody knows when a place becomes free: callers are told to try again in a second. */
export function countPlaces(places: number): Meter {
  let limit = places;
  let running = 0;
  return {
    ...local,
    secondsUntil: (amount) => (limit < 1 ? Number.POSITIVE_INFINITY : running + amount <= limit ? 0 : 1),
    take(amount) {
      running += amount;
    },
    settle(more) {
      running += more;
    },
    setLimit(next) {
      limit = next;
    },
    idle: () => running === 0,
  };
}
