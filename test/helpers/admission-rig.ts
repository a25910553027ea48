import { AppError } from "#shared/errors.ts";
import { createAdmission, type Priority, type Ticket } from "../../services/gateway/admission/admission.ts";
import type { QueueLimits } from "../../services/gateway/routing/route-table.ts";

export const ROOMY: QueueLimits = { maxRequests: 1000, maxBytes: 1_000_000, maxWaitMs: 60_000 };

type Entry = { readonly tenant?: string; readonly priority?: Priority; readonly bytes?: number };

export type Entered = {
  readonly name: string;
  readonly ticket: Ticket;
  /** "waits", "place", the code of an AppError, or the reason's text. */
  outcome: string;
  error: unknown;
  readonly abort: (reason?: unknown) => void;
  readonly signal: AbortSignal;
};

/** A queue before a server with so many places, on a clock that the test moves. */
export function admissionRig(limits: QueueLimits = ROOMY, places = 0, options: { serves?: () => boolean } = {}) {
  const rig = {
    now: 1_000,
    free: places,
    /** Names in the order in which they got their places. */
    granted: [] as string[],
    onTake: (_ticket: Ticket): void => {},
    entered: [] as Entered[],
  };
  const names = new Map<Ticket, string>();
  const admission = createAdmission<Ticket, Ticket>(
    "m",
    limits,
    (ticket) => {
      rig.onTake(ticket);
      if (rig.free <= 0) return undefined;
      rig.free -= 1;
      rig.granted.push(names.get(ticket)!);
      return ticket;
    },
    { now: () => rig.now },
    options.serves ?? (() => rig.granted.length > 0),
  );

  const enter = (name: string, entry: Entry = {}): Entered => {
    const { tenant = name, priority = "interactive", bytes = 1 } = entry;
    const ticket: Ticket = { tenant, priority, bytes, enteredAt: rig.now };
    const leaving = new AbortController();
    const { signal } = leaving;
    const entered: Entered = {
      name,
      ticket,
      outcome: "waits",
      error: undefined,
      abort: (reason) => leaving.abort(reason),
      signal,
    };
    names.set(ticket, name);
    rig.entered.push(entered);
    admission.enter(ticket, signal).then(
      () => {
        entered.outcome = "place";
      },
      (error: unknown) => {
        entered.error = error;
        entered.outcome = error instanceof AppError ? error.code : String(error);
      },
    );
    return entered;
  };

  /** So many places become free. */
  const release = (count = 1): void => {
    rig.free += count;
    admission.pump();
  };

  return Object.assign(rig, { admission, enter, release });
}

/** Lets every promise that is settled tell so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
