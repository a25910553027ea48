import type { Clock } from "../clock.ts";
import { unavailable, within } from "./within.ts";

/** After a refusal or a failure the database is left alone for so long. */
const RETRY_MS = 1000;
/** A caller waits no longer for the database. */
const ANSWER_MS = 1000;
/** After so long a question is given up: its answer, if it comes, counts for nothing. */
const GIVE_UP_MS = 10_000;

/** One question at a time to the database, and what those who wait for its answer may do meanwhile. */
export function createFlight(clock: Clock) {
  let flying: { readonly since: number; readonly landed: Promise<void>; answered?: Promise<void> } | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  let failed = false;
  let given = 0;

  const busy = (): boolean => {
    if (flying && clock.now() - flying.since > GIVE_UP_MS) {
      flying = undefined;
      given += 1;
    }
    return flying !== undefined;
  };
  return {
    busy,
    /** How often a question was given up. */
    given: (): number => given,
    /** False right after the database refused or failed. */
    mayAsk: (): boolean => clock.now() >= notBefore,
    failed: (): boolean => failed,
    /** The database had less than was wanted. */
    holdOff(): void {
      notBefore = clock.now() + RETRY_MS;
    },
    askAgain(): void {
      if (!failed) notBefore = Number.NEGATIVE_INFINITY;
    },
    /** Starts a question unless one is under way. `then` gets the answer unless it was given up. */
    ask<T>(question: () => Promise<T>, then: (answer: T) => void): void {
      if (busy()) return;
      const mine = { since: clock.now(), landed: Promise.resolve() };
      const land = (): boolean => {
        if (flying !== mine) return false;
        flying = undefined;
        return true;
      };
      flying = mine;
      mine.landed = question().then(
        (answer) => {
          if (!land()) return;
          failed = false;
          then(answer);
        },
        () => {
          if (!land()) return;
          failed = true;
          notBefore = clock.now() + RETRY_MS;
        },
      );
    },
    /** Resolves when no question is under way, however long that takes. */
    settled: (): Promise<void> => flying?.landed ?? Promise.resolve(),
    /** Resolves when the question under way has its answer, whatever that is. Rejects with `unavailable` when it takes long. */
    wait(): Promise<void> {
      if (!flying) return Promise.resolve();
      if (clock.now() - flying.since > ANSWER_MS) throw unavailable();
      flying.answered ??= within(ANSWER_MS, flying.landed);
      // Somebody else may have been refused by another limit and wait no more.
      flying.answered.catch(() => {});
      return flying.answered;
    },
  };
}
