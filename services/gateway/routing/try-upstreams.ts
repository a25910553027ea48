import { AppError } from "#shared/errors.ts";
import type { ChatDelta, ChatRequest, Upstream } from "../upstreams/upstream.ts";
import type { Route } from "./routes.ts";

/** An answer that has begun. From here on no other upstream is tried: part of it may already be with the reader. */
export type Begun = {
  readonly upstream: Upstream;
  readonly attempts: number;
  readonly deltas: AsyncGenerator<ChatDelta, void>;
};

/** Hears of each try: `ok` when the first delta came, otherwise the error's code. */
export type OnAttempt = (upstream: string, outcome: string) => void;

/**
 * Tries the upstreams of a route in order until one gives its first delta. Goes on only after a failure that another
 * upstream may not have; throws the last one when none is left.
 */
export async function tryUpstreams(
  route: Route,
  request: ChatRequest,
  onAttempt: OnAttempt,
  signal: AbortSignal,
): Promise<Begun> {
  let attempts = 0;
  let last: unknown = new AppError("unavailable", `Nothing serves the model "${route.alias}" now.`);
  for (const upstream of route.tiers.flat()) {
    attempts += 1;
    const deltas = upstream.complete(request, signal);
    try {
      const first = await deltas.next();
      onAttempt(upstream.name, "ok");
      return { upstream, attempts, deltas: continued(first, deltas) };
    } catch (error) {
      onAttempt(upstream.name, signal.aborted ? "aborted" : error instanceof AppError ? error.code : "internal");
      if (signal.aborted || !(error instanceof AppError) || !error.retryable) throw error;
      last = error;
    }
  }
  throw last;
}

async function* continued(
  first: IteratorResult<ChatDelta, void>,
  rest: AsyncGenerator<ChatDelta, void>,
): AsyncGenerator<ChatDelta, void> {
  try {
    if (first.done) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}
