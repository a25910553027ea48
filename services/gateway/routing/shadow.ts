import { hash } from "node:crypto";
import type { ChatRequest } from "../upstreams/upstream.ts";
import type { LiveUpstream } from "./live-upstream.ts";

/** More at once would make the shadow a load of its own. */
const MAX_RUNNING = 8;

export type ShadowOutcome = "same" | "different" | "failed" | "skipped";

/**
 * Sends copies of requests to a model server that is to be judged, and compares what it says with what the reader got.
 * Nobody waits for it, nothing of it is shown, and its failures are only counted.
 */
export function createShadow(onOutcome: (upstream: string, outcome: ShadowOutcome) => void) {
  let running = 0;
  const stopped = new AbortController();
  const said = async (upstream: LiveUpstream, request: ChatRequest): Promise<string | undefined> => {
    try {
      return digest((await upstream.server.complete(request, stopped.signal)).text);
    } catch {
      return undefined;
    } finally {
      running -= 1;
      upstream.inFlight -= 1;
      upstream.freed();
    }
  };
  const run = async (upstream: LiveUpstream, request: ChatRequest, answer: Promise<string>): Promise<void> => {
    const digested = await said(upstream, request);
    // The reader's answer may take longer, or never be whole: then there is nothing to compare.
    const expected = await answer.catch(() => undefined);
    if (expected === undefined || stopped.signal.aborted) onOutcome(upstream.name, "skipped");
    else onOutcome(upstream.name, digested === undefined ? "failed" : digested === expected ? "same" : "different");
  };
  return {
    /** `answer` is the digest of what the reader got; it rejects when there was no whole answer. */
    send(upstream: LiveUpstream, request: ChatRequest, answer: Promise<string>): void {
      answer.catch(() => {});
      // Who serves readers, too, must not be kept from them.
      if (running >= MAX_RUNNING || upstream.inFlight >= upstream.maxConcurrent) {
        onOutcome(upstream.name, "skipped");
        return;
      }
      running += 1;
      upstream.inFlight += 1;
      // After the reader's own bytes of this turn.
      setImmediate(() => void run(upstream, request, answer));
    },
    stop: (): void => stopped.abort(new Error("stopped")),
  };
}

export type Shadow = ReturnType<typeof createShadow>;

export const digest = (text: string): string => hash("sha256", text, "base64url");
