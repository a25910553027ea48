import type { Clock } from "../clock.ts";

/** Retries that unused requests may have saved up: a quiet hour must not allow a storm. */
const MAX_SAVED = 100;
/** The reserve is full again after so long. */
const REFILL_MS = 10_000;
/** Counted in whole thousandths, because ten times 0.1 is less than 1. */
const RETRY = 1000;

export type RetryBudget = {
  /** A request has come; it brings its share of a retry. */
  request(): void;
  /** Takes a retry out of the budget if there is one. */
  mayRetry(): boolean;
};

/**
 * Retries up to a `share` of requests, so that they cannot double an overload, and a `reserve` for each ten seconds, so
 * that a gateway with little traffic may retry at all. After Finagle's RetryBudget.
 */
export function createRetryBudget(
  clock: Clock,
  { share, reserve }: { readonly share: number; readonly reserve: number } = { share: 0.1, reserve: 10 },
): RetryBudget {
  const deposit = Math.round(share * RETRY);
  let saved = 0;
  let reserved = reserve;
  let refilledAt = clock.now();
  return {
    request: () => {
      saved = Math.min(saved + deposit, MAX_SAVED * RETRY);
    },
    mayRetry: () => {
      if (saved >= RETRY) {
        saved -= RETRY;
        return true;
      }
      const now = clock.now();
      reserved = Math.min(reserve, reserved + ((now - refilledAt) * reserve) / REFILL_MS);
      refilledAt = now;
      if (reserved < 1) return false;
      reserved -= 1;
      return true;
    },
  };
}
