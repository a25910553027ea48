import { AppError } from "#shared/errors.ts";

/** One abort signal out of the caller's, a total limit and a limit that is set anew at each step. */
export function startWatch(outer: AbortSignal, totalMs: number) {
  const inner = new AbortController();
  const expire = (message: string) => () => inner.abort(new AppError("upstream_timeout", message));
  const leave = (): void => inner.abort(outer.reason);
  if (outer.aborted) leave();
  outer.addEventListener("abort", leave, { once: true });
  const total = setTimeout(expire("The model server took too long to answer."), totalMs);
  let step: NodeJS.Timeout | undefined;
  let deadline = { at: 0, message: "" };
  const within = (ms: number, message: string): void => {
    clearTimeout(step);
    deadline = { at: performance.now() + ms, message };
    step = setTimeout(expire(message), ms);
  };
  return {
    signal: inner.signal,
    within,
    /** Time in which the reader of our answer is slow does not count against the server. */
    pause: () => clearTimeout(step),
    resume: () => within(Math.max(0, deadline.at - performance.now()), deadline.message),
    stop: () => {
      clearTimeout(step);
      clearTimeout(total);
      outer.removeEventListener("abort", leave);
      inner.abort();
    },
  };
}
