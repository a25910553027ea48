import { hash } from "node:crypto";
import { AppError } from "#shared/errors.ts";
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
  const run = async (upstream: LiveUpstream, request: ChatRequest, answer: Promise<string>): Promise<ShadowOutcome> => {
    running += 1;
    upstream.inFlight += 1;
    try {
      const { text } = await upstream.server.complete(request, stopped.signal);
      return digest(text) === (await answer) ? "same" : "different";
    } catch (error) {
      if (!(error instanceof AppError)) return "skipped";
      return "failed";
    } finally {
      running -= 1;
      upstream.inFlight -= 1;
    }
  };
  return {
    /** `answer` is the digest of what the reader got; it rejects when there was no whole answer. */
    send(upstream: LiveUpstream, request: ChatRequest, answer: Promise<string>): void {
      answer.catch(() => {});
      if (running >= MAX_RUNNING) {
        onOutcome(upstream.name, "skipped");
        return;
      }
      // After the reader's own bytes of this turn.
      setImmediate(() => void run(upstream, request, answer).then((outcome) => onOutcome(upstream.name, outcome)));
    },
    stop: (): void => stopped.abort(new Error("stopped")),
  };
}

export type Shadow = ReturnType<typeof createShadow>;

export const digest = (text: string): string => hash("sha256", text, "base64url");
