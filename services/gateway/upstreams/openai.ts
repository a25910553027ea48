import { createHmac } from "node:crypto";
import { Pool } from "undici";
import { AppError } from "#shared/errors.ts";
import type { OpenAiSettings } from "../routing/route-table.ts";
import { createDeadlines } from "./deadlines.ts";
import { estimateTokens, estimateUsage } from "./estimate-tokens.ts";
import { type Ask, startExchange } from "./exchange.ts";
import { jsonOf, parseCompletion } from "./openai-chunk.ts";
import { openStream } from "./openai-stream.ts";
import type { ChatRequest, Upstream } from "./upstream.ts";
import { watchWeights } from "./weights.ts";
import { WholeText } from "./whole-text.ts";

/** Connections beyond the requests that may run: probes, and answers whose last bytes are on their way. */
const SPARE_CONNECTIONS = 8;
/** What is read ahead of a reader who is slow. Node reads up to 64 KiB at once all the same. */
const SOCKET_BUFFER_BYTES = 16 * 1024;

const deadlines = createDeadlines();

/** Any server that speaks OpenAI's API: vLLM, llama.cpp, Ollama, TEI, OpenAI. */
export function openAiUpstream(settings: OpenAiSettings): Upstream {
  const { timeouts } = settings;
  const base = new URL(settings.baseUrl);
  const prefix = base.pathname.replace(/\/+$/, "");
  // Node's own option, which undici passes on and does not name.
  const connect = { timeout: timeouts.connectMs, highWaterMark: SOCKET_BUFFER_BYTES };
  const pool = new Pool(base.origin, {
    connections: settings.maxConcurrent + SPARE_CONNECTIONS,
    connect,
    // Our own limits cover the whole exchange on one timer.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const headers = {
    "content-type": "application/json",
    ...(settings.apiKey && { authorization: `Bearer ${settings.apiKey}` }),
  };
  const limitField = base.hostname === "api.openai.com" ? "max_completion_tokens" : "max_tokens";
  let model = settings.model;

  const askOf = (path: string, body: object | undefined): Ask => ({
    path: prefix + path,
    method: body ? "POST" : "GET",
    headers,
    body: body ? JSON.stringify(body) : null,
    totalMs: timeouts.totalMs,
  });
  const textOf = (path: string, body: object | undefined, withinMs: number, signal: AbortSignal): Promise<string> => {
    const whole = new WholeText();
    const exchange = startExchange(pool, deadlines, askOf(path, body), whole, signal);
    exchange.within(withinMs, "The model server did not respond in time.");
    return whole.text;
  };
  const firstModel = async (signal: AbortSignal): Promise<string> => {
    const listed = jsonOf(await textOf("/models", undefined, timeouts.headersMs, signal)) as {
      data?: { id?: unknown }[];
    };
    const id = listed?.data?.[0]?.id;
    if (typeof id !== "string") throw new AppError("upstream_failed", "The model server names no model.");
    return id;
  };
  const chatBody = (request: ChatRequest, stream: boolean): object => ({
    model,
    ...(request.prompt === undefined ? { messages: request.messages } : { prompt: request.prompt }),
    temperature: request.temperature,
    top_p: request.topP,
    // OpenAI's newer models refuse max_tokens; other servers do not know its successor.
    [request.prompt === undefined ? limitField : "max_tokens"]: request.maxTokens,
    seed: request.seed,
    stop: request.stop?.length ? request.stop : undefined,
    cache_salt: saltOf(settings.cacheSaltSecret, request.tenant),
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  });

  const weights =
    settings.weights === undefined
      ? undefined
      : watchWeights(settings.weights, async (signal) =>
          jsonOf(await textOf("/models", undefined, timeouts.headersMs, signal)),
        );

  return {
    name: settings.name,
    get model() {
      return model ?? "unknown";
    },
    get identity() {
      return weights?.identity;
    },
    async complete(request, signal) {
      model ??= await firstModel(signal);
      const text = await textOf(pathOf(request), chatBody(request, false), timeouts.totalMs, signal);
      const answer = parseCompletion(text);
      return { ...answer, usage: answer.usage ?? estimateUsage(request, estimateTokens(answer.text)) };
    },
    async stream(request, signal) {
      model ??= await firstModel(signal);
      const ask = askOf(pathOf(request), chatBody(request, true));
      return openStream(pool, deadlines, ask, request, timeouts, signal);
    },
    async post(path, body, signal) {
      model ??= await firstModel(signal);
      return jsonOf(await textOf(path, { ...body, model }, timeouts.headersMs, signal));
    },
    async ping(signal) {
      const { path, headers: sent } = askOf("/models", undefined);
      const { statusCode, body } = await pool.request({ path, method: "GET", headers: sent, signal });
      await body.dump();
      // Who does not list models, or not to us, is there all the same.
      if (statusCode >= 500) throw new AppError("unavailable", `The model server is not well (status ${statusCode}).`);
    },
    async close() {
      weights?.stop();
      await pool.destroy();
    },
  };
}

const pathOf = ({ prompt }: ChatRequest): string => (prompt === undefined ? "/chat/completions" : "/completions");

/** vLLM shares its prefix cache between requests of equal salt only. Never empty: that would mean shared by all. */
function saltOf(secret: string | undefined, tenant: string | undefined): string | undefined {
  if (secret === undefined) return undefined;
  return createHmac("sha256", secret)
    .update(tenant ?? "")
    .digest("base64url");
}
