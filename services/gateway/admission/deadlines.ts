import type { Clock } from "../clock.ts";
import { createHeap, type Slotted } from "./heap.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;

/** What has a deadline, in the clock's milliseconds. */
export type Timed = Slotted & { readonly deadline: number };

export type Deadlines<T> = {
  add(item: T, now: number): void;
  remove(item: T): void;
  /** Hands what is over to `onOver`, which removes it. For whoever cannot wait until the timer fires. */
  expire(now: number): void;
};

/** One timer for the earliest of many deadlines, and none when there is nothing to wait for. */
export function createDeadlines<T extends Timed>(clock: Clock, onOver: (item: T) => void): Deadlines<T> {
  const items = createHeap<T>((a, b) => a.deadline < b.deadline);
  let timer: NodeJS.Timeout | undefined;
  let timerAt = 0;

  const expire = (now: number): void => {
    for (let next = items.top; next && next.deadline <= now; next = items.top) onOver(next);
  };

  /** A timer that is too early stays: most of those that wait leave before their time, and setting it anew costs more. */
  const arm = (now: number): void => {
    const next = items.top;
    if (!next || (timer && timerAt <= next.deadline)) return;
    clearTimeout(timer);
    timerAt = next.deadline;
    timer = setTimeout(onTimer, Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(timerAt - now))));
  };

  const onTimer = (): void => {
    timer = undefined;
    const now = clock.now();
    expire(now);
    arm(now);
  };

  return {
    add: (item, now) => {
      items.push(item);
      arm(now);
    },
    remove: (item) => {
      items.remove(item);
      if (items.top) return;
      clearTimeout(timer);
      timer = undefined;
    },
    expire,
  };
}
