import { AppError } from "#shared/errors.ts";

/** The words of the queue of one model to those whom it turns away. */
export function createRefusals(model: string) {
  const later = (code: "rate_limited" | "unavailable", message: string) => (retryAfterSeconds: number) =>
    new AppError(code, `${message} Try again in ${retryAfterSeconds} s.`, { retryAfterSeconds });
  return {
    full: later("rate_limited", `The model "${model}" is busy, and no more requests may wait for it.`),
    evicted: later("rate_limited", `The model "${model}" is busy, and the request gave way to others that wait.`),
    waited: later("rate_limited", `The model "${model}" is busy, and the request has waited as long as it may.`),
    unserved: later("unavailable", `Nothing serves the model "${model}" now.`),
    withdrawn: () =>
      new AppError("withdrawn", `Every model behind "${model}" has been withdrawn. An administrator must add another.`),
    closed: () =>
      new AppError("unavailable", "The gateway is shutting down. Try again.", {
        // Another replica takes it at once.
        retryAfterSeconds: 1,
      }),
    neverFits: (bytes: number, maxBytes: number) =>
      new AppError(
        "too_large",
        `The request has ${bytes} bytes, and at most ${maxBytes} may wait for the model "${model}". Shorten it.`,
      ),
  };
}
