import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { signalOf } from "#shared/cancel.ts";
import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { writeFrames } from "#shared/sse.ts";
import type { AccessLog } from "../access-log.ts";
import { type DoorHandler, readJson, sendFailure } from "../door.ts";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import type { GenAiTelemetry } from "../gen-ai-telemetry.ts";
import type { Caller } from "../limits/callers.ts";
import type { Limiter, Permit } from "../limits/limits.ts";
import type { Call } from "../routing/live-model.ts";
import type { LiveRoutes } from "../routing/live-routes.ts";
import type { Served } from "../routing/serve.ts";
import { servedByOf } from "../routing/served-by.ts";
import type { Shadow } from "../routing/shadow.ts";
import type { Usage } from "../upstreams/upstream.ts";

/** Who calls, by the headers. Throws when that is nobody, or may not be. */
export type AdmitCaller = (headers: IncomingHttpHeaders) => Caller | Promise<Caller>;

export type ModelRouteDeps = {
  readonly routes: LiveRoutes;
  readonly admitCaller: AdmitCaller;
  readonly limiter: Limiter;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
  readonly accessLog: AccessLog | undefined;
  readonly telemetry: GenAiTelemetry | undefined;
  readonly shadow: Shadow;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

const BYTES_A_TOKEN = 4;
/** nginx's status of a request whose client did not wait. */
const CLIENT_LEFT = 499;

/**
 * One request for a model on its way through the gateway, and what its access log line will say. A class, because
 * functions made anew for each request cost more than choosing an upstream.
 */
export class ModelRequest {
  readonly id: string = crypto.randomUUID();
  readonly started: number = performance.now();
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
  cached = false;
  /** Who answered, as header names and values in turn: now, or when the cached answer was made. */
  servedBy: readonly string[] = [];
  caller: Caller = NOBODY;
  body: unknown;
  bytes = 0;
  model = "none";
  served: Served<unknown> | undefined;
  firstMs = 0;
  usage: Usage = NO_USAGE;
  readonly #response: ServerResponse;
  readonly #metrics: GatewayMetrics;

  constructor(headers: IncomingHttpHeaders, response: ServerResponse, metrics: GatewayMetrics) {
    this.headers = headers;
    this.signal = signalOf(response);
    this.#response = response;
    this.#metrics = metrics;
  }

  /** As its queue sees it. */
  call(conversation: string | undefined, prefix: string): Call {
    return {
      tenant: this.caller.tenant,
      priority: this.headers["x-cairn-priority"] === "batch" ? "batch" : "interactive",
      bytes: this.bytes,
      enteredAt: this.started,
      affinity: { conversation, prefix },
      withoutModels: withoutModelsOf(this.headers),
    };
  }

  /** An upstream has it. */
  onServed(model: string, served: Served<unknown>): void {
    this.model = model;
    this.served = served;
    this.firstMs = performance.now() - this.started;
    this.#metrics.onServed(model, served, this.firstMs);
    this.servedBy = servedByOf(served);
  }

  /** What it has used, for limits, costs and metrics. */
  onUsage(usage: Usage): void {
    this.usage = usage;
  }

  /** The caller's trace, if it is one: what it sends is passed on as a header. */
  get traceparent(): string | undefined {
    const sent = headerOf(this.headers.traceparent);
    return sent !== undefined && TRACEPARENT.test(sent) ? sent : undefined;
  }

  get tokens(): number {
    return this.usage.prompt_tokens + this.usage.completion_tokens;
  }

  /** By the prices of the upstream; what a cache had costs nothing. */
  get cost(): number {
    const price = this.served?.upstream.price;
    if (!price) return 0;
    const { prompt_tokens, completion_tokens } = this.usage;
    return (prompt_tokens * price.inputPerMillion + completion_tokens * price.outputPerMillion) / 1_000_000;
  }

  sendJson(text: string): void {
    const bytes = Buffer.byteLength(text);
    const headers = this.#headers();
    headers.push("content-type", "application/json", "content-length", String(bytes));
    this.#response.writeHead(200, headers);
    this.#response.end(text, bytes === text.length ? "latin1" : "utf8");
  }

  sendFrames(frames: AsyncIterableIterator<string, void>, onUnexpected: (error: unknown) => void): Promise<void> {
    return writeFrames(this.#response, this.#headers(), frames, onUnexpected);
  }

  /** Returns the status. */
  sendFailure(error: unknown): number {
    return sendFailure(this.#response, this.#headers(), error);
  }

  /** Names and values in turn: cheaper for Node than headers set one by one. */
  #headers(): string[] {
    const { served } = this;
    const headers = ["x-request-id", this.id, "x-content-type-options", "nosniff", ...this.servedBy];
    if (this.cached) headers.push("x-cairn-cache", "hit");
    if (!served) return headers;
    headers.push("x-cairn-attempts", String(served.attempts), "server-timing", timing(served, this.firstMs));
    return headers;
  }
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const NOBODY: Caller = { tenant: "", keyId: undefined };
const NO_USAGE: Usage = { prompt_tokens: 0, completion_tokens: 0, estimated: false };

/**
 * What all model routes share: who asks, the limits, the body, the failure's form, the access log. `serve` answers;
 * whatever it throws before the first byte becomes an OpenAI error.
 */
export function modelRoute(
  route: string,
  deps: ModelRouteDeps,
  serve: (request: ModelRequest) => Promise<void>,
): DoorHandler {
  const { admitCaller, limiter, metrics, log, accessLog, telemetry } = deps;
  return async (message: IncomingMessage, response: ServerResponse) => {
    const request = new ModelRequest(message.headers, response, metrics);
    let permit: Permit | undefined;
    let status = 200;
    try {
      const caller = admitCaller(message.headers);
      request.caller = caller instanceof Promise ? await caller : caller;
      const { value, bytes } = await readJson(message);
      request.body = value;
      request.bytes = bytes;
      const admitted = limiter.admit(request.caller, Math.ceil(bytes / BYTES_A_TOKEN));
      permit = admitted instanceof Promise ? await admitted : admitted;
      await serve(request);
    } catch (error) {
      status = request.signal.aborted ? CLIENT_LEFT : request.sendFailure(error);
      if (status === 500) log.error("unexpected", error, { requestId: request.id, route });
    } finally {
      permit?.settle(request.tokens, request.cost);
      if (request.signal.aborted) status = CLIENT_LEFT;
      const totalMs = performance.now() - request.started;
      metrics.onDone(route, status, totalMs, request);
      accessLog?.add(route, status, totalMs, request);
      telemetry?.onDone(route, status, totalMs, request);
    }
  };
}

/** What an answer cost beside the model itself: waiting for a place, and the gateway's own work. */
function timing({ queuedMs, upstreamMs }: Served<unknown>, firstMs: number): string {
  const overhead = Math.max(0, firstMs - queuedMs - upstreamMs);
  return `queue;dur=${hundredths(queuedMs)}, upstream;dur=${hundredths(upstreamMs)}, overhead;dur=${hundredths(overhead)}`;
}

const NO_MODELS: ReadonlySet<string> = new Set();

/** `x-cairn-without-models`: names in percent-encoding, with commas between them. */
function withoutModelsOf(headers: IncomingHttpHeaders): ReadonlySet<string> {
  const listed = headerOf(headers["x-cairn-without-models"]);
  if (!listed) return NO_MODELS;
  try {
    return new Set(listed.split(",").map((name) => decodeURIComponent(name.trim())));
  } catch {
    throw new AppError("invalid_request", "x-cairn-without-models: names must be in percent-encoding.");
  }
}

export function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));

/** `12.34`, put together from whole numbers: to write a fraction as text costs ten times as much. */
function hundredths(ms: number): string {
  const whole = Math.round(ms * 100);
  return `${Math.floor(whole / 100)}.${TWO_DIGITS[whole % 100]}`;
}
