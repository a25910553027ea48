import { Pool } from "undici";
import { z } from "zod";
import { AppError } from "#shared/errors.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { type Chunk, parseChunk } from "./openai-chunk.ts";
import { failureOfStatus } from "./openai-failure.ts";
import { sseData } from "./sse-parser.ts";
import { startWatch } from "./start-watch.ts";
import type { ChatDelta, ChatRequest, FinishReason, Upstream, Usage } from "./upstream.ts";

/** Together they cover the whole exchange: a model server may stop at any point of it. */
export const OPENAI_LIMITS = {
  connections: 256,
  connectMs: 3_000,
  headersMs: 60_000,
  firstTokenMs: 120_000,
  idleMs: 30_000,
  /** After the finish reason only the usage is missing, and an estimate can stand in for it. */
  usageMs: 1_000,
  totalMs: 600_000,
  eventCharacters: 1024 * 1024,
  errorBodyBytes: 64 * 1024,
};

export type OpenAiOptions = {
  readonly name: string;
  /** Up to and including `/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** Without it the server is asked for its models on first use and the first one is taken. */
  readonly model?: string | undefined;
  readonly limits?: Partial<typeof OPENAI_LIMITS>;
};

type Received = {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
};

/** Any server that speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, OpenAI. Streams even for callers that do not. */
export function openAiUpstream(options: OpenAiOptions): Upstream {
  const limits = { ...OPENAI_LIMITS, ...options.limits };
  const base = new URL(options.baseUrl);
  const pool = new Pool(base.origin, {
    connections: limits.connections,
    connect: { timeout: limits.connectMs },
    headersTimeout: limits.headersMs,
    bodyTimeout: 0,
  });
  const headers = {
    "content-type": "application/json",
    ...(options.apiKey && { authorization: `Bearer ${options.apiKey}` }),
  };
  let model = options.model;

  const exchange = async (path: string, body: object | undefined, signal: AbortSignal): Promise<Received> => {
    const response = await pool.request({
      path: `${base.pathname.replace(/\/+$/, "")}${path}`,
      method: body ? "POST" : "GET",
      headers,
      body: body ? JSON.stringify(body) : null,
      signal,
    });
    const retryAfter = response.headers["retry-after"];
    return {
      status: response.statusCode,
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      body: response.body,
    };
  };

  const receive = async (
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> => {
    const received = await exchange(path, body, signal);
    if (received.status === 200) return received.body;
    const text = await textOf(received.body, limits.errorBodyBytes).catch(() => "");
    throw failureOfStatus(received.status, received.retryAfter, text);
  };

  const firstModel = async (signal: AbortSignal): Promise<string> => {
    const text = await textOf(await receive("/models", undefined, signal), limits.eventCharacters);
    const listed = z.object({ data: z.array(z.object({ id: z.string() })).min(1) }).parse(JSON.parse(text));
    return listed.data[0]!.id;
  };

  return {
    name: options.name,
    get model() {
      return model ?? "unknown";
    },
    async *complete(request, signal) {
      const watch = startWatch(signal, limits.totalMs);
      let finishReason: FinishReason | undefined;
      let usage: Usage | undefined;
      let text = "";
      try {
        watch.within(limits.firstTokenMs, "The model server took too long to begin.");
        model ??= await firstModel(watch.signal);
        const stream = await receive("/chat/completions", bodyOf(request, model, base), watch.signal);
        for await (const data of sseData(stream, limits.eventCharacters)) {
          if (data === "[DONE]") break;
          const chunk: Chunk = parseChunk(data);
          usage = chunk.usage ?? usage;
          finishReason = chunk.finishReason ?? finishReason;
          watch.pause();
          if (chunk.text !== "") {
            text += chunk.text;
            yield { type: "text-delta", text: chunk.text };
          }
          if (finishReason) watch.within(limits.usageMs, "The model server did not end its answer.");
          else if (text !== "" || chunk.active) watch.within(limits.idleMs, "The model server stopped in mid-answer.");
          else watch.resume();
        }
        if (!finishReason) throw new AppError("upstream_failed", "The model server ended its answer early.");
      } catch (error) {
        if (!finishReason || signal.aborted) throw asAppError(error, signal, watch.signal);
      } finally {
        watch.stop();
      }
      yield end(request, finishReason ?? "stop", usage, text);
    },
  };
}

function end(request: ChatRequest, finishReason: FinishReason, usage: Usage | undefined, text: string): ChatDelta {
  if (usage) return { type: "end", finishReason, usage };
  const prompt_tokens = request.messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
  return {
    type: "end",
    finishReason,
    usage: { prompt_tokens, completion_tokens: estimateTokens(text), estimated: true },
  };
}

function bodyOf(request: ChatRequest, model: string, base: URL): object {
  // OpenAI's newer models refuse max_tokens; other servers do not know its successor.
  const limit = base.hostname === "api.openai.com" ? "max_completion_tokens" : "max_tokens";
  return {
    model,
    messages: request.messages,
    temperature: request.temperature,
    top_p: request.topP,
    [limit]: request.maxTokens,
    seed: request.seed,
    stop: request.stop?.length ? request.stop : undefined,
    stream: true,
    stream_options: { include_usage: true },
  };
}

function asAppError(error: unknown, outer: AbortSignal, inner: AbortSignal): AppError {
  if (outer.aborted)
    return new AppError("unavailable", "The caller left before the answer was complete.", { cause: error });
  if (inner.reason instanceof AppError) return inner.reason;
  if (error instanceof AppError) return error;
  const timedOut = error instanceof Error && /Timeout/.test(error.name);
  if (timedOut) return new AppError("upstream_timeout", "The model server did not respond in time.", { cause: error });
  return new AppError("upstream_failed", "The model server could not be reached or broke off. Try again shortly.", {
    cause: error,
  });
}

async function textOf(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size > maxBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, maxBytes).toString("utf8");
}
