import type { IncomingHttpHeaders } from "node:http";
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
export type Sink = {
  onHeaders?(): void;
  /** What it returns is wrong with the body, and ends the exchange. */
  onData(piece: Buffer): AppError | undefined;
  onEnd(): void;
  onFailure(error: AppError): void;
};

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
  const running = new RunningExchange(deadlines, ask.totalMs, sink, signal);
  const { path, method, headers, body } = ask;
  pool.dispatch({ path, method, headers, body }, running);
  if (signal.aborted) running.leave();
  return running;
}

/** A class, because a dozen functions made anew for each request were most of what the collector had to clear away. */
class RunningExchange implements Exchange, Watched, Dispatcher.DispatchHandler {
  at: number;
  slot = -1;
  readonly #deadlines: Deadlines;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  readonly #totalAt: number;
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;
  #refusal: { status: number; retryAfter: string | undefined; text: string; bytes: number } | undefined;
  #message = "";
  #left = 0;
  readonly leave = (): void =>
    this.#fail(new AppError("unavailable", "The caller left before the answer was complete."));

  constructor(deadlines: Deadlines, totalMs: number, sink: Sink, signal: AbortSignal) {
    this.#totalAt = performance.now() + totalMs;
    this.at = this.#totalAt;
    this.#deadlines = deadlines;
    this.#sink = sink;
    this.#signal = signal;
    deadlines.watch(this);
    signal.addEventListener("abort", this.leave, { once: true });
  }

  within(ms: number, message: string): void {
    this.#message = message;
    this.at = Math.min(this.#totalAt, performance.now() + ms);
  }

  pause(): void {
    this.#left = this.at - performance.now();
    this.at = this.#totalAt;
    this.#controller?.pause();
  }

  resume(): void {
    this.at = Math.min(this.#totalAt, performance.now() + this.#left);
    this.#controller?.resume();
  }

  stop(): void {
    if (this.#over) return;
    this.#end();
    this.#controller?.abort(STOPPED);
  }

  expire(): void {
    this.#fail(new AppError("upstream_timeout", this.at === this.#totalAt ? TOO_LONG : this.#message));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(STOPPED);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // Early hints and the like: the answer is yet to come.
    if (this.#over || status < 200) return;
    if (status === 200) {
      this.#sink.onHeaders?.();
      return;
    }
    const retryAfter = headers["retry-after"];
    const only = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
    this.#refusal = { status, retryAfter: only, text: "", bytes: 0 };
  }

  onResponseData(_: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#over) return;
    const refusal = this.#refusal;
    if (!refusal) {
      const wrong = this.#sink.onData(piece);
      if (wrong) this.#fail(wrong);
      return;
    }
    refusal.text += piece.toString("latin1");
    refusal.bytes += piece.byteLength;
    if (refusal.bytes > MAX_ERROR_BODY_BYTES) this.#refuse(refusal);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    if (this.#refusal) this.#refuse(this.#refusal);
    else {
      this.#end();
      this.#sink.onEnd();
    }
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(asFailure(error));
  }

  #refuse({ status, retryAfter, text }: { status: number; retryAfter: string | undefined; text: string }): void {
    this.#fail(failureOfStatus(status, retryAfter, text));
  }

  #fail(error: AppError): void {
    if (this.#over) return;
    this.stop();
    this.#sink.onFailure(error);
  }

  #end(): void {
    this.#over = true;
    this.#deadlines.unwatch(this);
    this.#signal.removeEventListener("abort", this.leave);
  }
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
