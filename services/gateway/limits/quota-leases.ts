import { createFlight } from "./flight.ts";
import { fits, type Meter } from "./meter.ts";
import type { Leasing, Slice } from "./quota.ts";
import { secondsToWindow, startOf, type Window } from "./window.ts";
import { unavailable, within } from "./within.ts";

/** The smallest slice, as a share of the limit: what an idle replica may keep from the others. */
const SLICE_SHARE = 20;
/** The last part of a window is cut ever finer, so that no replica is refused what another one does not need. */
const LEFT_SHARE = 8;
/** A replica that used nothing for so many ticks gives everything back. */
const IDLE_TICKS = 5;
const CLOSE_MS = 2000;

/**
 * A window's quota that replicas share. Slices of it are leased from the database ahead of need and used up in memory. What
 * a crashed replica had leased is lost until the window ends. A debt is paid out of later slices before anything else.
 */
export function leaseWindow(
  { account, resource, limit: limitOfWindow }: { account: string; resource: string; limit: number },
  window: Window,
  { quota, now, clock }: Leasing,
): Meter {
  const flight = createFlight(clock);
  let limit = limitOfWindow;
  let start = startOf(window, now());
  /** Leased and not used; a debt when negative. */
  let balance = 0;
  /** What those who wait need. */
  let demand = 0;
  /** What the database had left when it last answered. */
  let left = limit;
  let recent = 0;
  let previous = 0;
  let quietTicks = 0;
  let closed = false;

  const roll = (): void => {
    const current = startOf(window, now());
    if (current === start) return;
    start = current;
    balance = Math.min(balance, 0);
    left = limit;
    flight.askAgain();
  };
  const slice = (): number =>
    Math.max(1, Math.ceil(Math.min(Math.max(limit / SLICE_SHARE, previous, recent), left / LEFT_SHARE)));
  const sliceOf = (amount: number): Slice => ({
    account,
    resource,
    startsAt: start,
    endsAt: start + window.lengthMs,
    amount,
  });
  const lease = (): void => {
    if (closed || flight.busy()) return;
    const asked = sliceOf(Math.ceil(Math.max(slice() - Math.min(balance, 0), demand - balance)));
    demand = 0;
    flight.ask(
      () => quota.lease(asked, limit),
      (answer) => {
        if (asked.startsAt !== start) return;
        balance += answer.granted;
        left = answer.left;
        if (answer.granted < asked.amount) flight.holdOff();
      },
    );
  };
  const leaseAhead = (): void => {
    // A slice of one is leased when somebody needs it: of a small limit nothing may lie about.
    if (balance < Math.floor(slice() / 2) && flight.mayAsk()) lease();
  };
  const giveBack = async (amount: number): Promise<void> => {
    if (amount < 1) return;
    balance -= amount;
    left += amount;
    // Where this fails, the amount is lost until the window ends.
    await quota.giveBack(sliceOf(amount)).catch(() => {});
  };

  return {
    secondsUntil(amount) {
      if (amount > limit || limit <= 0) return Number.POSITIVE_INFINITY;
      if (closed) throw unavailable();
      roll();
      if (fits(amount, balance)) return 0;
      demand += amount;
      if (!flight.busy()) {
        if (!flight.mayAsk()) {
          demand = 0;
          if (flight.failed()) throw unavailable();
          return secondsToWindow(window, now(), amount - balance, limit);
        }
        lease();
      }
      return flight.wait();
    },
    take(amount) {
      balance -= amount;
      recent += amount;
      leaseAhead();
    },
    settle(more, takenAt) {
      roll();
      // A lease of a past window is worth nothing in this one.
      if (more < 0 && startOf(window, takenAt) !== start) return;
      balance -= more;
      recent += Math.max(0, more);
      leaseAhead();
    },
    setLimit(next) {
      limit = next;
      left = next;
      flight.askAgain();
    },
    idle: () => balance >= 0 && balance < 1 && quietTicks >= IDLE_TICKS && !flight.busy(),
    tick() {
      roll();
      quietTicks = recent === 0 ? quietTicks + 1 : 0;
      previous = recent;
      recent = 0;
      if (balance < 0) leaseAhead();
      if (flight.busy()) return;
      demand = 0;
      const keep = quietTicks >= IDLE_TICKS ? 0 : Math.max(slice(), 2 * previous);
      // While the database is away, what is leased is all there is.
      if (!flight.failed()) void giveBack(Math.floor(balance - keep));
    },
    async close() {
      roll();
      closed = true;
      await within(
        CLOSE_MS,
        flight.settled().then(() => giveBack(Math.floor(balance))),
      ).catch(() => {});
    },
  };
}
