import { AppError } from "#shared/errors.ts";

/** What a caller is told while the state database does not answer. */
export const unavailable = (cause?: unknown): AppError =>
  new AppError("unavailable", "The gateway cannot check keys and limits at the moment. Try again.", {
    retryAfterSeconds: 1,
    cause,
  });

/** The promise's outcome, or `unavailable` after `ms`: nobody hangs because a database does. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unavailable()), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
