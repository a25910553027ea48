import { setTimeout as sleep } from "node:timers/promises";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Call, LiveModel } from "./live-model.ts";
import { type OnAttempt, type Served, serve } from "./serve.ts";

type Attempt<T> = (upstream: Upstream, signal: AbortSignal) => Promise<T>;

/**
 * As `serve`, but when nothing has come after the route's `hedge_after_ms`, a second upstream is asked, too, and the
 * first answer counts (Dean and Barroso, The Tail at Scale, 2013). Only for requests that do nothing but compute.
 */
export async function hedged<T>(
  model: LiveModel,
  call: Call,
  attempt: Attempt<T>,
  onAttempt: OnAttempt,
  signal: AbortSignal,
): Promise<Served<T>> {
  const { hedgeAfterMs } = model.settings;
  if (hedgeAfterMs === undefined) return serve(model, call, attempt, onAttempt, signal);
  const asked = new Set<string>();
  const loser = new AbortController();
  const both = AbortSignal.any([signal, loser.signal]);
  const first = serve(
    model,
    call,
    (by, stop) => {
      asked.add(by.name);
      return attempt(by, stop);
    },
    onAttempt,
    both,
  );
  const slow = await Promise.race([first.then(done, done), sleep(hedgeAfterMs, "slow")]);
  const place = slow === "slow" && asked.size > 0 ? model.spare(call, asked) : undefined;
  if (!place) return first;
  const begun = performance.now();
  const second = attempt(place.upstream.server, both).then(
    (value): Served<T> => {
      place.answered();
      onAttempt(place.upstream.name, "ok");
      const upstreamMs = performance.now() - begun;
      return { value, upstream: place.upstream, attempts: 2, queuedMs: 0, upstreamMs, done: place.end };
    },
    (error: unknown) => {
      place.end(both.aborted ? both.reason : error);
      onAttempt(place.upstream.name, both.aborted ? "aborted" : "hedge failed");
      throw error;
    },
  );
  try {
    const winner = await Promise.any([first, second]);
    // Whoever comes second is stopped; an answer that came in the same moment still gives its place back.
    for (const other of [first, second]) void other.then((served) => served !== winner && served.done(), done);
    loser.abort();
    return winner;
  } catch {
    // Both failed: the first one's failure has been through all retries.
    return first;
  }
}

const done = (): void => {};
