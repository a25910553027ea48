import { createFlight } from "./flight.ts";
import type { Meter } from "./meter.ts";
import type { Leasing } from "./quota.ts";
import { unavailable, within } from "./within.ts";

/** Places come back so long after their holder has crashed. */
const LEASE_MS = 60_000;
const RENEW_MS = 20_000;
/** Places held ahead of need, as a share of the limit. Small limits have none to spare. */
const SPARE_SHARE = 20;
const IDLE_TICKS = 5;
const CLOSE_MS = 2000;

/** Concurrent streams that replicas share: places are leased with an expiry and renewed while they are used. */
export function leasePlaces(
  { account, limit: places }: { account: string; limit: number },
  { quota, now, clock }: Leasing,
): Meter {
  const flight = createFlight(clock);
  const id = crypto.randomUUID();
  let limit = places;
  let running = 0;
  /** Most that were running since the last tick. */
  let peak = 0;
  let waiting = 0;
  let held = 0;
  let claimedAt = Number.NEGATIVE_INFINITY;
  let quietTicks = 0;
  let closed = false;

  const valid = (): number => (clock.now() - claimedAt < LEASE_MS ? held : 0);
  const spare = (): number => Math.floor(limit / SPARE_SHARE);
  const claim = (wanted: number): void => {
    if (flight.busy()) return;
    const at = clock.now();
    const time = now();
    // Given up at once: while the database answers, what it may already have given to others must not be taken.
    held = Math.min(held, Math.max(wanted, running));
    waiting = 0;
    // A claim that was given up may still be carried out, in any order: those under a new name are not affected by it.
    const holder = `${id}.${flight.given()}`;
    flight.ask(
      () => quota.claimPlaces({ account, holder, running, wanted, limit, now: time, expiresAt: time + LEASE_MS }),
      (granted) => {
        held = granted;
        claimedAt = at;
        if (granted < wanted) flight.holdOff();
      },
    );
  };

  return {
    secondsUntil(amount) {
      if (amount > limit) return Number.POSITIVE_INFINITY;
      if (closed) throw unavailable();
      if (running + amount <= valid()) return 0;
      waiting += amount;
      if (!flight.busy()) {
        if (!flight.mayAsk()) {
          waiting = 0;
          if (flight.failed()) throw unavailable();
          return 1;
        }
        claim(running + waiting + spare());
      }
      return flight.wait();
    },
    take(amount) {
      running += amount;
      peak = Math.max(peak, running);
      if (running + spare() / 2 > held && flight.mayAsk()) claim(running + spare());
    },
    settle(more) {
      running += more;
    },
    setLimit(next) {
      limit = next;
      flight.askAgain();
    },
    idle: () => running === 0 && held === 0 && !flight.busy(),
    tick() {
      quietTicks = peak === 0 ? quietTicks + 1 : 0;
      const wanted = quietTicks >= IDLE_TICKS ? 0 : Math.min(limit, peak + spare());
      peak = running;
      if (!flight.busy()) waiting = 0;
      const due = held > 0 && clock.now() - claimedAt >= RENEW_MS;
      if ((due || held > wanted) && flight.mayAsk()) claim(wanted);
    },
    async close() {
      closed = true;
      const release = async (): Promise<void> => {
        claim(0);
        await flight.settled();
      };
      await within(CLOSE_MS, flight.settled().then(release)).catch(() => {});
    },
  };
}
