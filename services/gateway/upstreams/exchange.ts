import { AppError } from "#shared/errors.ts";
import type { Deadlines, Watched } from "./deadlines.ts";
import { failureOfStatus } from "./openai-failure.ts";
import type { Controls, Outgoing, Receiver, Transport } from "./transport.ts";

const MAX_ERROR_BODY_BYTES = 64 * 1024;

export type Ask = Outgoing & { readonly totalMs: number };

/** Hears of the headers and the body of a 200, and then of its end or of what went wrong, once. */
export type Sink = {
  onHeaders?(): void;
  /** The bytes are the sink's during the call only. What it returns is wrong with the body, and ends the exchange. */
  onData(piece: Buffer, last: boolean): AppError | undefined;
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

/** How long the first step may take, and what is said when it takes longer. */
export type FirstStep = { readonly ms: number; readonly message: string };

/** One request. The sink is told in our words: a refusal's text is only looked at, never relayed. */
export function startExchange(
  transport: Transport,
  deadlines: Deadlines,
  ask: Ask,
  sink: Sink,
  first: FirstStep,
  signal: AbortSignal,
): Exchange {
  const running = new RunningExchange(deadlines, ask.totalMs, sink, first, signal);
  transport.send(ask, running);
  if (signal.aborted) running.leave();
  return running;
}

/** A class, because a dozen functions made anew for each request were most of what the collector had to clear away. */
class RunningExchange implements Exchange, Watched, Receiver {
  at: number;
  slot = -1;
  readonly #deadlines: Deadlines;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  readonly #totalAt: number;
  #controls: Controls | undefined;
  #over = false;
  #refusal: { status: number; retryAfter: string | undefined; text: string; bytes: number } | undefined;
  #message: string;
  #left = 0;
  readonly leave = (): void =>
    this.#fail(new AppError("unavailable", "The caller left before the answer was complete."));

  constructor(deadlines: Deadlines, totalMs: number, sink: Sink, { ms, message }: FirstStep, signal: AbortSignal) {
    const now = performance.now();
    this.#totalAt = now + totalMs;
    this.at = Math.min(this.#totalAt, now + ms);
    this.#message = message;
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
    if (this.#over) return;
    this.#left = this.at - performance.now();
    this.at = this.#totalAt;
    this.#controls?.pause();
  }

  resume(): void {
    if (this.#over) return;
    this.at = Math.min(this.#totalAt, performance.now() + this.#left);
    this.#controls?.resume();
  }

  stop(): void {
    if (this.#over) return;
    this.#end();
    this.#controls?.abort();
  }

  expire(): void {
    this.#fail(new AppError("upstream_timeout", this.at === this.#totalAt ? TOO_LONG : this.#message));
  }

  onStart(controls: Controls): void {
    this.#controls = controls;
    if (this.#over) controls.abort();
  }

  onHead(status: number, retryAfter: string | undefined): void {
    if (this.#over) return;
    if (status === 200) this.#sink.onHeaders?.();
    else this.#refusal = { status, retryAfter, text: "", bytes: 0 };
  }

  onData(piece: Buffer, last: boolean): void {
    if (this.#over) return;
    const refusal = this.#refusal;
    if (!refusal) {
      const wrong = this.#sink.onData(piece, last);
      if (wrong) this.#fail(wrong);
      return;
    }
    refusal.text += piece.toString("latin1");
    refusal.bytes += piece.byteLength;
    if (refusal.bytes > MAX_ERROR_BODY_BYTES) this.#refuse(refusal);
  }

  onEnd(): void {
    if (this.#over) return;
    // The connection is another exchange's from here on.
    this.#controls = undefined;
    if (this.#refusal) this.#refuse(this.#refusal);
    else {
      this.#end();
      this.#sink.onEnd();
    }
  }

  onError(error: Error): void {
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
