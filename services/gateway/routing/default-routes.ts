import { availableParallelism } from "node:os";
import { unusableModel } from "../onnx/unusable-model.ts";
import type { ModelSettings, OpenAiSettings, RouteTable, Timeouts, UpstreamSettings } from "./route-table.ts";

const OPENAI_BASE_URL = "https://api.openai.com/v1";
const OPENAI_CHAT_MODEL = "gpt-4o-mini";

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 3_000,
  headersMs: 60_000,
  firstTokenMs: 120_000,
  idleMs: 30_000,
  totalMs: 600_000,
};
export const DEFAULT_QUEUE: ModelSettings["queue"] = {
  maxRequests: 256,
  maxBytes: 64 * 1024 * 1024,
  maxWaitMs: 30_000,
};
export const DEFAULT_MAX_CONCURRENT = 256;
export const DEFAULT_MAX_ATTEMPTS = 3;
export const DEFAULT_PROBE_MS = 10_000;
export const DEFAULT_EMBEDDING_CACHE = { ttlMs: 3_600_000, maxBytes: 64 * 1024 * 1024 };

/** Half of the machine, and no more copies of a model than four. */
export const DEFAULT_ONNX_THREADS = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));
/** What the models of the E5 family were trained with. */
const E5 = { queryPrefix: "query: ", passagePrefix: "passage: " };

export type DefaultRouteSettings = {
  readonly openaiBaseUrl?: string | undefined;
  readonly openaiApiKey?: string | undefined;
  readonly chatModel?: string | undefined;
  /** Folder of an ONNX model, or base URL of an embeddings server up to and including `/v1`. */
  readonly embeddings?: string | undefined;
  /** Its name on that server. */
  readonly embedModel?: string | undefined;
};

/** Before a route file has been read: nothing is served, and nothing opened in vain. */
export const NO_ROUTES: RouteTable = {
  upstreams: new Map(),
  models: new Map(),
  limits: { default: {}, tenants: new Map(), keys: new Map() },
};

/**
 * The routes without a route file: `chat` by a real model where one is configured, else, and when it fails, by
 * extraction; `embed` where embeddings are configured.
 */
export function defaultRoutes(settings: DefaultRouteSettings): RouteTable {
  const { openaiBaseUrl, openaiApiKey, chatModel } = settings;
  const chats: UpstreamSettings[] = [{ kind: "embedded", name: "extractive", maxConcurrent: DEFAULT_MAX_CONCURRENT }];
  if (openaiBaseUrl || openaiApiKey) {
    const model = chatModel ?? (openaiBaseUrl ? undefined : OPENAI_CHAT_MODEL);
    chats.unshift(openAi("openai", openaiBaseUrl ?? OPENAI_BASE_URL, openaiApiKey, model));
  }
  const embedder = embedderOf(settings);
  const upstreams = embedder ? [...chats, embedder] : chats;
  const models = [modelOf("chat", "chat", chats)];
  if (embedder) {
    const more = { cache: DEFAULT_EMBEDDING_CACHE, ...(embedder.kind === "onnx" && E5) };
    models.push({ ...modelOf("embed", "embed", [embedder]), ...more });
  }
  return {
    upstreams: new Map(upstreams.map((upstream) => [upstream.name, upstream])),
    models: new Map(models.map((model) => [model.alias, model])),
    limits: NO_ROUTES.limits,
  };
}

function embedderOf(settings: DefaultRouteSettings): UpstreamSettings | undefined {
  const { embeddings, embedModel, openaiApiKey, openaiBaseUrl = OPENAI_BASE_URL } = settings;
  if (embeddings === undefined) return undefined;
  if (!/^https?:/.test(embeddings)) {
    const problem = unusableModel(embeddings);
    if (problem !== undefined) throw new Error(`CAIRN_EMBEDDINGS: ${problem}`);
    const threads = DEFAULT_ONNX_THREADS;
    return { kind: "onnx", name: "embedder", folder: embeddings, threads, maxConcurrent: DEFAULT_MAX_CONCURRENT };
  }
  // The key is for the server that it was given for.
  const isSame = new URL(embeddings).origin === new URL(openaiBaseUrl).origin;
  return openAi("embedder", embeddings, isSame ? openaiApiKey : undefined, embedModel);
}

const openAi = (
  name: string,
  baseUrl: string,
  apiKey: string | undefined,
  model: string | undefined,
): OpenAiSettings => ({
  kind: "openai",
  name,
  baseUrl,
  apiKey,
  model,
  maxConcurrent: DEFAULT_MAX_CONCURRENT,
  timeouts: DEFAULT_TIMEOUTS,
  price: { inputPerMillion: 0, outputPerMillion: 0 },
  probeMs: DEFAULT_PROBE_MS,
  cacheSaltSecret: undefined,
});

const modelOf = (
  alias: string,
  kind: ModelSettings["kind"],
  upstreams: readonly UpstreamSettings[],
): ModelSettings => ({
  alias,
  kind,
  tiers: upstreams.map(({ name }) => [{ upstreams: [name], weight: 1 }]),
  queue: DEFAULT_QUEUE,
  waitingRoomMs: 0,
  maxAttempts: DEFAULT_MAX_ATTEMPTS,
  shadow: undefined,
  cache: undefined,
  hedgeAfterMs: undefined,
});
