const BASE_MS = 50;
const MAX_MS = 2_000;
/** Someone is waiting for the answer: beyond this they are better served by an error that says when to come back. */
const MAX_RETRY_AFTER_SECONDS = 5;
/** A timer may fire that much early, when the upstream still cools down. */
const EARLY_MS = 1;

/**
 * Milliseconds before the try after `attempt` failed ones (1 or more): "full jitter" (Exponential Backoff And Jitter,
 * AWS Architecture Blog, 2015), which spreads callers that failed together. It comes on top of Retry-After, which all of
 * them were told. `undefined`: that is too long to wait.
 */
export function backoffMs(attempt: number, roll: () => number, retryAfterSeconds = 0): number | undefined {
  if (retryAfterSeconds > MAX_RETRY_AFTER_SECONDS) return undefined;
  const jitterMs = roll() * Math.min(MAX_MS, BASE_MS * 2 ** (attempt - 1));
  return retryAfterSeconds > 0 ? retryAfterSeconds * 1000 + EARLY_MS + jitterMs : jitterMs;
}
