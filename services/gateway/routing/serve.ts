import { AppError } from "#shared/errors.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Call, LiveModel } from "./live-model.ts";
import type { LiveUpstream } from "./live-upstream.ts";

/** What an upstream has begun to give. Nobody else is tried from here on: part of it may be with the reader. */
export type Served<T> = {
  readonly value: T;
  readonly upstream: LiveUpstream;
  readonly attempts: number;
  /** Without a place: before the first try, and between tries. */
  readonly queuedMs: number;
  /** All tries, up to the first byte. */
  readonly upstreamMs: number;
  /** The exchange is over: well, by a failure of the upstream, or because the reader left. Exactly once. */
  done(error?: unknown): void;
};

/** Hears of each try: `ok` at the first byte, else the error's code. */
export type OnAttempt = (upstream: string, outcome: string) => void;

/**
 * A model request's way: into the queue, to an upstream, and on to another one as long as nothing has been sent and
 * the failure is one that another upstream may not have. Throws the last failure.
 */
export async function serve<T>(
  model: LiveModel,
  call: Call,
  attempt: (upstream: Upstream, signal: AbortSignal) => Promise<T>,
  onAttempt: OnAttempt,
  signal: AbortSignal,
): Promise<Served<T>> {
  signal.throwIfAborted();
  let tried: Set<string> | undefined;
  let place = model.admission.enterNow(call) ?? (await model.admission.enter(call, signal));
  let begun = performance.now();
  let queuedMs = begun - call.enteredAt;
  let upstreamMs = 0;
  for (let attempts = 1; ; attempts += 1) {
    const { upstream } = place;
    try {
      const value = await attempt(upstream.server, signal);
      onAttempt(upstream.name, "ok");
      place.answered();
      upstreamMs += performance.now() - begun;
      return { value, upstream, attempts, queuedMs, upstreamMs, done: place.end };
    } catch (error) {
      const left = signal.aborted;
      place.end(left ? signal.reason : error);
      onAttempt(upstream.name, left ? "aborted" : error instanceof AppError ? error.code : "internal");
      if (left || !(error instanceof AppError) || !error.retryable) throw error;
      tried = (tried ?? new Set()).add(upstream.name);
      const failedAt = performance.now();
      upstreamMs += failedAt - begun;
      const next = await model.placeAfter({ place, tried, attempts, error }, call, signal);
      if (!next) throw error;
      place = next;
      begun = performance.now();
      queuedMs += begun - failedAt;
    }
  }
}
