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

export type DefaultRouteSettings = {
  readonly openaiBaseUrl?: string | undefined;
  readonly openaiApiKey?: string | undefined;
  readonly chatModel?: string | undefined;
};

/** Before a route file has been read: nothing is served, and nothing opened in vain. */
export const NO_ROUTES: RouteTable = {
  upstreams: new Map(),
  models: new Map(),
  limits: { default: {}, tenants: new Map(), keys: new Map() },
};

/** The routes without a route file: `chat` by a real model where one is configured, else, and when it fails, by extraction. */
export function defaultRoutes({ openaiBaseUrl, openaiApiKey, chatModel }: DefaultRouteSettings): RouteTable {
  const upstreams: UpstreamSettings[] = [
    { kind: "embedded", name: "extractive", maxConcurrent: DEFAULT_MAX_CONCURRENT },
  ];
  if (openaiBaseUrl || openaiApiKey) {
    const openai: OpenAiSettings = {
      kind: "openai",
      name: "openai",
      baseUrl: openaiBaseUrl ?? OPENAI_BASE_URL,
      apiKey: openaiApiKey,
      model: chatModel ?? (openaiBaseUrl ? undefined : OPENAI_CHAT_MODEL),
      maxConcurrent: DEFAULT_MAX_CONCURRENT,
      timeouts: DEFAULT_TIMEOUTS,
      price: { inputPerMillion: 0, outputPerMillion: 0 },
      probeMs: DEFAULT_PROBE_MS,
      cacheSaltSecret: undefined,
    };
    upstreams.unshift(openai);
  }
  const chat: ModelSettings = {
    alias: "chat",
    kind: "chat",
    tiers: upstreams.map(({ name }) => [{ upstreams: [name], weight: 1 }]),
    queue: DEFAULT_QUEUE,
    waitingRoomMs: 0,
    maxAttempts: DEFAULT_MAX_ATTEMPTS,
    shadow: undefined,
    cache: undefined,
    hedgeAfterMs: undefined,
  };
  return {
    upstreams: new Map(upstreams.map((settings) => [settings.name, settings])),
    models: new Map([["chat", chat]]),
    limits: NO_ROUTES.limits,
  };
}
