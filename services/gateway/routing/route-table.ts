/** What a route file says, checked and complete. Milliseconds, bytes and tokens are in the names. */
export type RouteTable = {
  readonly upstreams: ReadonlyMap<string, UpstreamSettings>;
  readonly models: ReadonlyMap<string, ModelSettings>;
  readonly limits: LimitTable;
};

export type UpstreamSettings = OpenAiSettings | EmbeddedSettings | OnnxSettings;

/** Any server that speaks OpenAI's API: vLLM, llama.cpp, Ollama, TEI, OpenAI. */
export type OpenAiSettings = {
  readonly kind: "openai";
  readonly name: string;
  /** Up to and including `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Without it the server is asked for its models on first use and the first one is taken. */
  readonly model: string | undefined;
  /** Requests it may have at once; more wait in the model's queue. */
  readonly maxConcurrent: number;
  readonly timeouts: Timeouts;
  readonly price: Price;
  /** How often its `/models` is asked when nothing else tells how it is. */
  readonly probeMs: number;
  /** Sends vLLM's `cache_salt`, made of the tenant with this secret, so that prefix caches are not shared between tenants. */
  readonly cacheSaltSecret: string | undefined;
  /** File or folder that the server loads its model from, where the gateway can read it. */
  readonly weights?: string | undefined;
};

/** Runs inside the gateway: the extractive model. */
export type EmbeddedSettings = {
  readonly kind: "embedded";
  readonly name: string;
  /** sha256 of its code, where that was measured. */
  readonly digest?: string | undefined;
  readonly maxConcurrent: number;
};

/** Runs inside the gateway: an embedding model. */
export type OnnxSettings = {
  readonly kind: "onnx";
  readonly name: string;
  /** With `model.onnx` and `tokenizer.json`. */
  readonly folder: string;
  /** Each holds the model once and has one text at a time. */
  readonly threads: number;
  readonly maxConcurrent: number;
};

/** Together they cover the whole exchange: a model server may stop at any point of it. */
export type Timeouts = {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
};

/** In units of one currency for a million tokens. */
export type Price = { readonly inputPerMillion: number; readonly outputPerMillion: number };

export type ModelSettings = {
  readonly alias: string;
  readonly kind: "chat" | "embed" | "rerank";
  /** Tried in order. The tiers of a fallback alias follow the model's own. */
  readonly tiers: readonly Tier[];
  readonly queue: QueueLimits;
  /** How long requests wait for a first tier that is starting, before the next tier or a 503. 0: not at all. */
  readonly waitingRoomMs: number;
  /** Tries of one request in a tier, the first included. The tiers below are tried once each even so. */
  readonly maxAttempts: number;
  readonly shadow: { readonly upstream: string; readonly share: number } | undefined;
  /** Exact responses kept; for chat only when the file says so. */
  readonly cache: { readonly ttlMs: number; readonly maxBytes: number } | undefined;
  /** Embeddings and rerank: ask a second upstream when the first has not answered by then. */
  readonly hedgeAfterMs: number | undefined;
  /** Embeddings: what goes before a question and before a passage. Part of what the vectors are. */
  readonly queryPrefix?: string | undefined;
  readonly passagePrefix?: string | undefined;
};

/** Arms share traffic by weight, sticky by conversation; the upstreams of one arm are replicas of each other. */
export type Tier = readonly Arm[];
export type Arm = { readonly upstreams: readonly string[]; readonly weight: number };

export type QueueLimits = { readonly maxRequests: number; readonly maxBytes: number; readonly maxWaitMs: number };

export type LimitTable = {
  readonly default: Limits;
  readonly tenants: ReadonlyMap<string, Limits>;
  /** By the id of an API key; they apply beside those of its tenant. */
  readonly keys: ReadonlyMap<string, Limits>;
};

/** `undefined` means unlimited. A day is one of UTC. */
export type Limits = {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly concurrentStreams?: number | undefined;
  readonly tokensPerDay?: number | undefined;
  readonly costPerDay?: number | undefined;
};
