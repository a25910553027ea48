import { AppError } from "#shared/errors.ts";
import { createSseParser } from "#shared/sse-parser.ts";
import type { Timeouts } from "../routing/route-table.ts";
import type { Deadlines } from "./deadlines.ts";
import { estimateUsage, tokensOf, wideCharacters } from "./estimate-tokens.ts";
import { type Ask, startExchange } from "./exchange.ts";
import { parseChunk } from "./openai-chunk.ts";
import type { Transport } from "./transport.ts";
import type { ChatDelta, ChatRequest, Deltas, FinishReason, Usage } from "./upstream.ts";

/** After the finish reason only the usage is missing, and an estimate can stand in for it. */
const USAGE_MS = 1_000;
const MAX_EVENT_CHARACTERS = 1024 * 1024;
/** Text that the reader has not taken yet. Above it the connection is not read, so that the model server waits. */
const MAX_HELD_CHARACTERS = 16 * 1024;
/** No answer is so long; a server that never ends would fill the memory. */
const MAX_ANSWER_CHARACTERS = 16 * 1024 * 1024;

/**
 * The deltas of one streamed answer. Written by hand because it runs for every token: what arrives while the reader is
 * busy becomes one delta, and a reader that waits stops the connection.
 */
export function openStream(
  transport: Transport,
  deadlines: Deadlines,
  ask: Ask,
  request: ChatRequest,
  limits: Timeouts,
  signal: AbortSignal,
): Promise<Deltas> {
  const begun = Promise.withResolvers<Deltas>();
  let held = "";
  let length = 0;
  /** Of `length`. The text itself is gone once the reader has it: only its tokens may have to be guessed. */
  let wide = 0;
  let finishReason: FinishReason | undefined;
  let usage: Usage | undefined;
  let complete = false;
  let told = false;
  let failure: AppError | undefined;
  let paused = false;
  let waiting: PromiseWithResolvers<IteratorResult<ChatDelta, void>> | undefined;

  const take = (): IteratorResult<ChatDelta, void> | undefined => {
    if (held !== "") {
      const text = held;
      held = "";
      if (paused) {
        paused = false;
        exchange.resume();
      }
      return { value: { type: "text-delta", text }, done: false };
    }
    if (!complete) return undefined;
    if (told) return { value: undefined, done: true };
    told = true;
    return {
      value: {
        type: "end",
        finishReason: finishReason!,
        usage: usage ?? estimateUsage(request, tokensOf(length, wide)),
      },
      done: false,
    };
  };
  const wake = (): void => {
    if (length > 0 || complete) begun.resolve(deltas);
    if (!waiting) return;
    const next = take();
    if (next) waiting.resolve(next);
    else if (failure) waiting.reject(failure);
    else return;
    waiting = undefined;
  };
  const fail = (error: AppError): void => {
    // Whole but for its usage, and the connection broke off or never closed: nothing is missing for the reader.
    if (finishReason && !signal.aborted) complete = true;
    else failure = error;
    if (failure && length === 0) begun.reject(failure);
    wake();
  };
  const onEvent = (data: string): void => {
    if (complete) return;
    if (data === "[DONE]") {
      if (!finishReason) throw early();
      complete = true;
      return;
    }
    const chunk = parseChunk(data);
    usage = chunk.usage ?? usage;
    finishReason = chunk.finishReason ?? finishReason;
    if (chunk.text !== "") {
      held += chunk.text;
      wide += wideCharacters(chunk.text);
      length += chunk.text.length;
      if (length > MAX_ANSWER_CHARACTERS) throw new AppError("upstream_failed", "The model server does not stop.");
    }
    if (finishReason) exchange.within(USAGE_MS, "The model server did not end its answer.");
    else if (chunk.active || length > 0) exchange.within(limits.idleMs, "The model server stopped in mid-answer.");
  };
  const parser = createSseParser(MAX_EVENT_CHARACTERS, onEvent);
  const guarded = (feed: () => void): AppError | undefined => {
    try {
      feed();
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
    wake();
    if (held.length > MAX_HELD_CHARACTERS && !paused) {
      paused = true;
      exchange.pause();
    }
    return undefined;
  };
  const firstTokenAt = performance.now() + limits.firstTokenMs;
  const exchange = startExchange(
    transport,
    deadlines,
    ask,
    {
      onHeaders: () => exchange.within(firstTokenAt - performance.now(), TOO_SLOW),
      onData: (piece) => guarded(() => parser.push(piece)),
      onEnd() {
        const wrong = guarded(() => {
          parser.end();
          if (!finishReason) throw early();
          complete = true;
        });
        if (wrong) fail(wrong);
      },
      onFailure: fail,
    },
    { ms: Math.min(limits.headersMs, limits.firstTokenMs), message: TOO_SLOW },
    signal,
  );

  const deltas: Deltas = {
    next() {
      const now = take();
      if (now) return Promise.resolve(now);
      if (failure) return Promise.reject(failure);
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    return() {
      // After the last event the connection is kept: only its closing bytes are missing.
      if (!complete || paused) exchange.stop();
      complete = told = true;
      held = "";
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]: () => deltas,
  };
  return begun.promise;
}

const TOO_SLOW = "The model server took too long to begin.";
const early = (): AppError => new AppError("upstream_failed", "The model server ended its answer early.");
