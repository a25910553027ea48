import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { signalOf } from "#shared/cancel.ts";
import type { Log } from "#shared/log.ts";
import { writeFrames } from "#shared/sse.ts";
import type { AccessLog } from "../access-log.ts";
import { type DoorHandler, readJson, sendFailure } from "../door.ts";
import type { GatewayMetrics } from "../gateway-metrics.ts";
import type { Caller } from "../limits/callers.ts";
import type { Limiter } from "../limits/limits.ts";
import type { Call } from "../routing/live-model.ts";
import type { LiveRoutes } from "../routing/live-routes.ts";
import type { Served } from "../routing/serve.ts";
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
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** One request for a model on its way through the gateway, and what its access log line will say. */
export type ModelRequest = {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn: cheaper for Node than headers set one by one. */
  readonly headersToSend: string[];
  readonly caller: Caller;
  readonly body: unknown;
  readonly signal: AbortSignal;
  /** As its queue sees it. */
  call(conversation: string | undefined, prefix: string): Call;
  /** An upstream has it. */
  onServed(model: string, served: Served<unknown>): void;
  sendJson(value: object): void;
  sendFrames(frames: AsyncIterableIterator<string, void>, onUnexpected: (error: unknown) => void): Promise<void>;
  /** What it has used, for limits, costs and metrics. */
  onUsage(usage: Usage): void;
};

const BYTES_A_TOKEN = 4;

/**
 * What all model routes share: who asks, the limits, the body, the failure's form, the access log. `serve` answers;
 * whatever it throws before the first byte becomes an OpenAI error.
 */
export function modelRoute(
  route: string,
  deps: ModelRouteDeps,
  serve: (request: ModelRequest) => Promise<void>,
): DoorHandler {
  const { admitCaller, limiter, metrics, log, accessLog } = deps;
  return async (message: IncomingMessage, response: ServerResponse) => {
    const started = performance.now();
    const id = crypto.randomUUID();
    const signal = signalOf(response);
    const headersToSend = ["x-request-id", id, "x-content-type-options", "nosniff"];
    let permit: { settle(usedTokens: number, cost: number): void } | undefined;
    let caller: Caller | undefined;
    let alias = "none";
    let served: Served<unknown> | undefined;
    let firstMs = 0;
    let tokens = { prompt_tokens: 0, completion_tokens: 0 };
    let cost = 0;
    let status = 200;
    try {
      const { headers } = message;
      const found = admitCaller(headers);
      caller = found instanceof Promise ? await found : found;
      const { value: body, bytes } = await readJson(message);
      const admitted = limiter.admit(caller, Math.ceil(bytes / BYTES_A_TOKEN));
      permit = admitted instanceof Promise ? await admitted : admitted;
      const { tenant } = caller;
      await serve({
        id,
        headers,
        headersToSend,
        caller,
        body,
        signal,
        call: (conversation, prefix) => ({
          tenant,
          priority: headers["x-cairn-priority"] === "batch" ? "batch" : "interactive",
          bytes,
          enteredAt: started,
          affinity: { conversation, prefix },
        }),
        onServed(model, by) {
          alias = model;
          served = by;
          firstMs = performance.now() - started;
          metrics.onServed(model, by, firstMs);
          const { name, server } = by.upstream;
          headersToSend.push("x-cairn-upstream", name, "x-cairn-model", headerSafe(server.model));
          headersToSend.push("x-cairn-attempts", String(by.attempts), "server-timing", timing(by, firstMs));
        },
        sendJson(value) {
          const text = JSON.stringify(value);
          headersToSend.push("content-type", "application/json", "content-length", String(Buffer.byteLength(text)));
          response.writeHead(200, headersToSend);
          response.end(text);
        },
        sendFrames: (frames, onUnexpected) => writeFrames(response, headersToSend, frames, onUnexpected),
        onUsage(usage) {
          tokens = usage;
          // Without an upstream a cache had it, which costs nothing.
          if (!served) return;
          const { inputPerMillion, outputPerMillion } = served.upstream.price;
          cost = (usage.prompt_tokens * inputPerMillion + usage.completion_tokens * outputPerMillion) / 1_000_000;
        },
      });
    } catch (error) {
      status = signal.aborted ? CLIENT_LEFT : sendFailure(response, headersToSend, error);
      if (status === 500) log.error("unexpected", error, { requestId: id, route });
    } finally {
      permit?.settle(tokens.prompt_tokens + tokens.completion_tokens, cost);
      const totalMs = performance.now() - started;
      if (signal.aborted) status = CLIENT_LEFT;
      metrics.onDone({ route, model: alias, status, firstMs, totalMs, tokens, cost });
      accessLog?.add({
        id,
        route,
        model: alias,
        status,
        upstream: served?.upstream.name,
        attempts: served?.attempts ?? 0,
        tenant: caller?.tenant,
        promptTokens: tokens.prompt_tokens,
        completionTokens: tokens.completion_tokens,
        queuedMs: rounded(served?.queuedMs ?? 0),
        firstMs: rounded(firstMs),
        totalMs: rounded(totalMs),
      });
    }
  };
}

/** nginx's status of a request whose client did not wait. */
const CLIENT_LEFT = 499;

/** What an answer cost beside the model itself: waiting for a place, and the gateway's own work. */
function timing({ queuedMs, upstreamMs }: Served<unknown>, firstMs: number): string {
  const overhead = Math.max(0, firstMs - queuedMs - upstreamMs);
  return `queue;dur=${rounded(queuedMs)}, upstream;dur=${rounded(upstreamMs)}, overhead;dur=${rounded(overhead)}`;
}

export function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

const headerSafe = (text: string): string => (/[^\x21-\x7e]/.test(text) ? text.replaceAll(/[^\x21-\x7e]/g, "?") : text);
const rounded = (ms: number): number => Math.round(ms * 100) / 100;
