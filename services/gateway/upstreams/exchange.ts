import type { Dispatcher } from "undici";
import { AppError } from "#shared/errors.ts";
import type { Deadlines, Watched } from "./deadlines.ts";
import { failureOfStatus } from "./openai-failure.ts";

const MAX_ERROR_BODY_BYTES = 64 * 1024;

export type Ask = {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly totalMs: number;
};

/** Hears of the headers and the body of a 200, and then of its end or of what went wrong, once. */
export type Sink = { onHeaders?(): void; onData(piece: Buffer): void; onEnd(): void; onFailure(error: AppError): void };

/** A running request to a model server. */
export type Exchange = {
  /** The next step must come within so long, or the exchange fails with the message. */
  within(ms: number, message: string): void;
  /** Stops reading. Time in which our own reader is slow does not count against the server. */
  pause(): void;
  resume(): void;
  /** Closes the connection without telling the sink. */
  stop(): void;
};

/**
 * One request on undici's lowest level, which costs half of its stream interface. The sink is told in our words: a
 * refusal's text is only looked at, never relayed.
 */
export function startExchange(
  pool: Dispatcher,
  deadlines: Deadlines,
  ask: Ask,
  sink: Sink,
  signal: AbortSignal,
): Exchange {
  let controller: Dispatcher.DispatchController | undefined;
  let over = false;
  let refusal: { status: number; retryAfter: string | undefined; text: string; bytes: number } | undefined;
  let message = "";
  let left = 0;
  const totalAt = performance.now() + ask.totalMs;
  const step: Watched = {
    at: totalAt,
    slot: -1,
    expire: () => fail(new AppError("upstream_timeout", step.at === totalAt ? TOO_LONG : message)),
  };

  const end = (): void => {
    over = true;
    deadlines.unwatch(step);
    signal.removeEventListener("abort", leave);
  };
  const stop = (): void => {
    if (over) return;
    end();
    controller?.abort(STOPPED);
  };
  const fail = (error: AppError): void => {
    if (over) return;
    stop();
    sink.onFailure(error);
  };
  const leave = (): void => fail(new AppError("unavailable", "The caller left before the answer was complete."));

  deadlines.watch(step);
  signal.addEventListener("abort", leave, { once: true });
  const { path, method, headers, body } = ask;
  pool.dispatch(
    { path, method, headers, body },
    {
      onRequestStart(started) {
        controller = started;
        if (over) started.abort(STOPPED);
      },
      onResponseStart(_controller, status, responseHeaders) {
        // Early hints and the like: the answer is yet to come.
        if (over || status < 200) return;
        if (status === 200) return sink.onHeaders?.();
        const retryAfter = responseHeaders["retry-after"];
        refusal = { status, retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, text: "", bytes: 0 };
      },
      onResponseData(_controller, piece) {
        if (over) return;
        if (!refusal) return sink.onData(piece);
        refusal.text += piece.toString("latin1");
        refusal.bytes += piece.byteLength;
        if (refusal.bytes > MAX_ERROR_BODY_BYTES)
          fail(failureOfStatus(refusal.status, refusal.retryAfter, refusal.text));
      },
      onResponseEnd() {
        if (over) return;
        if (refusal) return fail(failureOfStatus(refusal.status, refusal.retryAfter, refusal.text));
        end();
        sink.onEnd();
      },
      onResponseError(_controller, error) {
        fail(asFailure(error));
      },
    },
  );
  if (signal.aborted) leave();

  return {
    within(ms, what) {
      message = what;
      step.at = Math.min(totalAt, performance.now() + ms);
    },
    pause() {
      left = step.at - performance.now();
      step.at = totalAt;
      controller?.pause();
    },
    resume() {
      step.at = Math.min(totalAt, performance.now() + left);
      controller?.resume();
    },
    stop,
  };
}

const STOPPED = new Error("stopped");
const TOO_LONG = "The model server took too long to answer.";

function asFailure(error: unknown): AppError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/TIMEOUT/.test(code)) {
    return new AppError("upstream_timeout", "The model server did not respond in time.", { cause: error });
  }
  return new AppError("upstream_failed", "The model server could not be reached or broke off. Try again shortly.", {
    cause: error,
  });
}
