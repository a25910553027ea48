import { createHmac } from "node:crypto";
import { AppError } from "#shared/errors.ts";
import type { OpenAiSettings } from "../routing/route-table.ts";
import { chatWire } from "./chat-wire.ts";
import { createDeadlines } from "./deadlines.ts";
import { estimateTokens, estimateUsage } from "./estimate-tokens.ts";
import { type Ask, startExchange } from "./exchange.ts";
import { jsonOf, parseCompletion } from "./openai-chunk.ts";
import { openStream } from "./openai-stream.ts";
import { ping } from "./ping.ts";
import { undiciTransport } from "./undici-transport.ts";
import type { ChatRequest, Completion, Upstream } from "./upstream.ts";
import { watchWeights } from "./weights.ts";
import { WholeBody } from "./whole-body.ts";
import { wireTransport } from "./wire/wire-transport.ts";

/** Connections beyond the requests that may run: probes, and answers whose last bytes are on their way. */
const SPARE_CONNECTIONS = 8;
const TOO_SLOW = "The model server did not respond in time.";

const deadlines = createDeadlines();

/** Any server that speaks OpenAI's API: vLLM, llama.cpp, Ollama, TEI, OpenAI. */
export function openAiUpstream(settings: OpenAiSettings): Upstream {
  const { timeouts, cacheSaltSecret } = settings;
  const base = new URL(settings.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, "");
  const transport = (base.protocol === "http:" ? wireTransport : undiciTransport)({
    origin: base,
    apiKey: settings.apiKey,
    connections: settings.maxConcurrent + SPARE_CONNECTIONS,
    connectMs: timeouts.connectMs,
  });
  const limitField = base.hostname === "api.openai.com" ? "max_completion_tokens" : "max_tokens";
  const paths = { chat: `${prefix}/chat/completions`, completion: `${prefix}/completions`, models: `${prefix}/models` };
  let model = settings.model;

  const askOf = (path: string, body: string | undefined, traceparent?: string): Ask => ({
    path,
    method: body === undefined ? "GET" : "POST",
    body,
    traceparent,
    totalMs: timeouts.totalMs,
  });
  const bodyOf = <T>(ask: Ask, read: (text: string) => T, withinMs: number, signal: AbortSignal): Promise<T> => {
    const whole = new WholeBody(read);
    startExchange(transport, deadlines, ask, whole, { ms: withinMs, message: TOO_SLOW }, signal);
    return whole.value;
  };
  const listed = (signal: AbortSignal): Promise<unknown> =>
    bodyOf(askOf(paths.models, undefined), jsonOf, timeouts.headersMs, signal);
  const learnModel = async (signal: AbortSignal): Promise<void> => {
    const list = (await listed(signal)) as { data?: { id?: unknown }[] } | null;
    const id = list?.data?.[0]?.id;
    if (typeof id !== "string") throw new AppError("upstream_failed", "The model server names no model.");
    model ??= id;
  };
  const askChat = (request: ChatRequest, stream: boolean): Ask => {
    const cacheSalt = cacheSaltSecret === undefined ? undefined : saltOf(cacheSaltSecret, request.tenant);
    const body = chatWire(request, { model: model!, stream, limitField, cacheSalt });
    return askOf(request.prompt === undefined ? paths.chat : paths.completion, body, request.traceparent);
  };
  /** Nearly always it is known, and whoever asks waits for one promise less. */
  const withModel = <T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> =>
    model === undefined ? learnModel(signal).then(ask) : ask();
  const weights = settings.weights === undefined ? undefined : watchWeights(settings.weights, listed);

  return {
    name: settings.name,
    get model() {
      return model ?? "unknown";
    },
    get identity() {
      return weights?.identity;
    },
    complete(request, signal) {
      const read = (text: string): Completion => {
        const { text: said, finishReason, usage } = parseCompletion(text);
        return { text: said, finishReason, usage: usage ?? estimateUsage(request, estimateTokens(said)) };
      };
      return withModel(signal, () => bodyOf(askChat(request, false), read, timeouts.totalMs, signal));
    },
    stream: (request, signal) =>
      withModel(signal, () => openStream(transport, deadlines, askChat(request, true), request, timeouts, signal)),
    post: (path, body, traceparent, signal) =>
      withModel(signal, () => {
        const ask = askOf(prefix + path, JSON.stringify({ ...body, model }), traceparent);
        return bodyOf(ask, jsonOf, timeouts.headersMs, signal);
      }),
    ping: (signal) => ping(transport, askOf(paths.models, undefined), signal),
    async close() {
      weights?.stop();
      await transport.close();
    },
  };
}

/** vLLM shares its prefix cache between requests of equal salt only. Never empty: that would mean shared by all. */
function saltOf(secret: string, tenant: string | undefined): string {
  return createHmac("sha256", secret)
    .update(tenant ?? "")
    .digest("base64url");
}
