import type { AppError } from "#shared/errors.ts";
import type { Clock } from "../clock.ts";
import type { QueueLimits } from "../routing/route-table.ts";
import { createDeadlines, type Timed } from "./deadlines.ts";
import { createFairQueue, type Queued } from "./fair-queue.ts";
import { makeRoom, shareOf } from "./make-room.ts";
import { createRefusals } from "./refusals.ts";
import { createGrantRate, retryAfterSeconds } from "./retry-after.ts";

/** Interactive requests go strictly before batch ones. */
export type Priority = "interactive" | "batch";

/** `enteredAt` is in the clock's milliseconds: the time to wait runs from then. */
export type Ticket = {
  readonly tenant: string;
  readonly priority: Priority;
  readonly bytes: number;
  readonly enteredAt: number;
};

export type Admission<T extends Ticket, P> = {
  /** A place at once, where nobody waits and one is free; else `undefined`, and `enter` says what there is to wait for. */
  enterNow(ticket: T): P | undefined;
  /**
   * Resolves to what `take` gave; from then on the place is the caller's to give back, also if the signal has aborted.
   * Rejects with an AppError that says when to come back: `rate_limited` if the queue is full, the ticket gave way to
   * another or its time was over while upstreams serve, `unavailable` if it was over and none does or after `close`.
   * `too_large` if the ticket has to wait and could never fit. Rejects with what `take` threw, and with the signal's reason.
   */
  enter(ticket: T, signal: AbortSignal): Promise<P>;
  /** Something may have become free or changed: gives places out. Cheap when nothing waits. */
  pump(): void;
  /** Limits of a reloaded route file. Tickets that wait stay, and keep the time that they had. */
  setLimits(limits: QueueLimits): void;
  /** Refuses what comes from now on; what waits is still served until its time is over. */
  close(): void;
  readonly queued: number;
  readonly queuedBytes: number;
};

interface Waiting<T extends Ticket, P> extends Queued<Waiting<T, P>>, Timed {
  readonly ticket: T;
  readonly signal: AbortSignal;
  readonly resolve: (place: P) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

/**
 * The queue of one model. `take` gives a place to run, `undefined` when none is free now, or throws when nobody can
 * serve the ticket any more; `pump` asks it again for those that wait. `serves` says, when a ticket's time is over,
 * whether the model was merely busy.
 */
export function createAdmission<T extends Ticket, P>(
  model: string,
  limits: QueueLimits,
  take: (ticket: T) => P | undefined,
  clock: Clock,
  serves: () => boolean,
): Admission<T, P> {
  const queue = createFairQueue<Waiting<T, P>>((count, bytes) => shareOf(count, bytes, limits));
  const deadlines = createDeadlines<Waiting<T, P>>(clock, (waiting) => drop(waiting, tooLate()));
  const refusals = createRefusals(model);
  const rate = createGrantRate();
  let closed = false;
  let pumping = false;
  let pumpAgain = false;
  /** `take` is being asked for it: it must not leave meanwhile, or the place would belong to nobody. */
  let inHand: Waiting<T, P> | undefined;

  const secondsToRetry = (): number => {
    if (queue.count > 0) rate.observe(clock.now(), 0);
    return retryAfterSeconds(queue.count, rate.perSecond(), limits.maxWaitMs);
  };

  /** After the ticket is out of the fair queue. */
  const forget = (waiting: Waiting<T, P>): void => {
    waiting.signal.removeEventListener("abort", waiting.onAbort);
    deadlines.remove(waiting);
  };

  const drop = (waiting: Waiting<T, P>, reason: unknown): void => {
    queue.remove(waiting);
    forget(waiting);
    waiting.reject(reason);
  };

  const tooLate = (): AppError => {
    return (serves() ? refusals.waited : refusals.unserved)(secondsToRetry());
  };

  /** Makes the queue fit the ticket, or says why it cannot wait. */
  const admit = (ticket: Ticket, deadline: number, now: number): AppError | undefined => {
    if (limits.maxRequests === 0) return refusals.full(secondsToRetry());
    if (ticket.bytes > limits.maxBytes) return refusals.neverFits(ticket.bytes, limits.maxBytes);
    if (deadline <= now) return tooLate();
    if (queue.count < limits.maxRequests && queue.bytes + ticket.bytes <= limits.maxBytes) return undefined;
    // Inside `pump` nobody is evicted: it could be the one in hand.
    const gone = pumping ? undefined : makeRoom(queue, ticket, limits);
    if (!gone) return refusals.full(secondsToRetry());
    for (const waiting of gone) {
      forget(waiting);
      waiting.reject(refusals.evicted(secondsToRetry()));
    }
    return undefined;
  };

  const wait = (ticket: T, signal: AbortSignal): Promise<P> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    const now = clock.now();
    if (!pumping) deadlines.expire(now);
    const deadline = ticket.enteredAt + limits.maxWaitMs;
    const refused = admit(ticket, deadline, now);
    if (refused) return Promise.reject(refused);
    if (queue.count === 0) rate.resume(now);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (waiting !== inHand) drop(waiting, signal.reason);
      };
      const links = { previous: undefined, next: undefined, line: undefined, order: 0, slot: -1 };
      const waiting: Waiting<T, P> = { ...links, ticket, deadline, signal, resolve, reject, onAbort };
      signal.addEventListener("abort", onAbort, { once: true });
      queue.push(waiting);
      deadlines.add(waiting, now);
    });
  };

  /** Gives out places until none is free; says how many. */
  const serve = (): number => {
    let given = 0;
    for (let waiting = queue.first(); waiting; waiting = queue.first()) {
      inHand = waiting;
      let place: P | undefined;
      try {
        place = take(waiting.ticket);
      } catch (error) {
        drop(waiting, error);
        continue;
      } finally {
        inHand = undefined;
      }
      if (place !== undefined) {
        queue.serve(waiting);
        forget(waiting);
        waiting.resolve(place);
        given += 1;
      } else if (waiting.signal.aborted) drop(waiting, waiting.signal.reason);
      else break;
    }
    return given;
  };

  const enterNow = (ticket: T): P | undefined => {
    return closed || (queue.count > 0 && queue.blocks(ticket.priority)) ? undefined : take(ticket);
  };

  return {
    enterNow,
    async enter(ticket, signal) {
      signal.throwIfAborted();
      if (closed) throw refusals.closed();
      return enterNow(ticket) ?? wait(ticket, signal);
    },
    pump: () => {
      if (queue.count === 0) return;
      pumpAgain = true;
      if (pumping) return;
      pumping = true;
      try {
        // A `take` that pumps and gives nothing is asked once more, not for ever.
        for (let idle = 0; pumpAgain && idle < 2; ) {
          pumpAgain = false;
          const now = clock.now();
          deadlines.expire(now);
          const given = serve();
          rate.observe(now, given);
          idle = given > 0 ? 0 : idle + 1;
        }
      } finally {
        pumping = false;
      }
    },
    setLimits: (changed) => {
      limits = changed;
      for (const band of queue.bands) band.byShare.rebuild();
    },
    close: () => {
      closed = true;
    },
    get queued() {
      return queue.count;
    },
    get queuedBytes() {
      return queue.bytes;
    },
  };
}
