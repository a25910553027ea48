import type { Env } from "#shared/env.ts";
import { DEFAULT_EMBEDDING_CACHE } from "../routing/default-routes.ts";
import type { Limits, ModelSettings, RouteTable, Tier, UpstreamSettings } from "../routing/route-table.ts";
import type { RouteFile } from "./schema.ts";

const BYTES_PER_MB = 1024 * 1024;

/** The table of a file without mistakes: secrets are fetched, fallbacks become tiers. */
export function resolveRouteFile(file: RouteFile, env: Env): RouteTable {
  const { upstreams, models, limits } = file;
  return {
    upstreams: mapOf(upstreams, (upstream, name) => upstreamOf(name, upstream, env)),
    models: mapOf(models, (_, alias) => modelOf(alias, models)),
    limits: {
      default: limitsOf(limits.default),
      tenants: mapOf(limits.tenants, limitsOf),
      keys: mapOf(limits.keys, limitsOf),
    },
  };
}

const mapOf = <T, U>(record: Readonly<Record<string, T>>, to: (value: T, name: string) => U): ReadonlyMap<string, U> =>
  new Map(Object.entries(record).map(([name, value]) => [name, to(value, name)]));

function upstreamOf(name: string, upstream: RouteFile["upstreams"][string], env: Env): UpstreamSettings {
  if ("embedded" in upstream) return embeddedOf(name, upstream);
  const { timeouts, price, api_key_env, cache_salt_env } = upstream;
  return {
    kind: "openai",
    name,
    baseUrl: upstream.base_url.replace(/\/+$/, ""),
    apiKey: api_key_env === undefined ? undefined : env[api_key_env],
    model: upstream.model,
    maxConcurrent: upstream.max_concurrent,
    timeouts: {
      connectMs: timeouts.connect_ms,
      headersMs: timeouts.headers_ms,
      firstTokenMs: timeouts.first_token_ms,
      idleMs: timeouts.idle_ms,
      totalMs: timeouts.total_ms,
    },
    price: { inputPerMillion: price.input_per_million, outputPerMillion: price.output_per_million },
    probeMs: upstream.probe_ms,
    cacheSaltSecret: cache_salt_env === undefined ? undefined : env[cache_salt_env],
    weights: upstream.weights,
  };
}

function embeddedOf(
  name: string,
  upstream: Extract<RouteFile["upstreams"][string], { embedded: string }>,
): UpstreamSettings {
  const maxConcurrent = upstream.max_concurrent;
  if (!("folder" in upstream)) return { kind: "embedded", name, maxConcurrent };
  return { kind: "onnx", name, folder: upstream.folder, threads: upstream.threads, maxConcurrent };
}

function modelOf(alias: string, models: RouteFile["models"]): ModelSettings {
  const model = models[alias]!;
  const { queue, cache } = model;
  return {
    alias,
    kind: model.kind,
    tiers: tiersOf(alias, models),
    queue: { maxRequests: queue.max_requests, maxBytes: queue.max_bytes, maxWaitMs: queue.max_wait_ms },
    waitingRoomMs: model.waiting_room_ms,
    maxAttempts: model.max_attempts,
    shadow: model.shadow,
    cache: cache ? { ttlMs: cache.ttl_s * 1000, maxBytes: cache.max_mb * BYTES_PER_MB } : defaultCache(model.kind),
    hedgeAfterMs: model.hedge_after_ms,
    queryPrefix: model.query_prefix,
    passagePrefix: model.passage_prefix,
  };
}

/** A text always has the same embedding; an answer of a chat is only kept where the file says so. */
const defaultCache = (kind: ModelSettings["kind"]): ModelSettings["cache"] =>
  kind === "embed" ? DEFAULT_EMBEDDING_CACHE : undefined;

/** A model's tiers and then its fallback's. An upstream that both have is tried where it comes first, and only there. */
function tiersOf(alias: string, models: RouteFile["models"]): Tier[] {
  const seen = new Set<string>();
  const tiers: Tier[] = [];
  for (let at: string | undefined = alias; at !== undefined; at = models[at]!.fallback) {
    const fresh = models[at]!.tiers.map(armsOf).map((tier) => without(tier, seen));
    tiers.push(...fresh.filter((tier) => tier.length > 0));
    for (const name of fresh.flat().flatMap(({ upstreams }) => upstreams)) seen.add(name);
  }
  return tiers;
}

function armsOf(tier: RouteFile["models"][string]["tiers"][number]): Tier {
  const names = tier.filter((item) => typeof item === "string");
  return names.length > 0 ? [{ upstreams: names, weight: 1 }] : tier.filter((item) => typeof item !== "string");
}

const without = (tier: Tier, seen: ReadonlySet<string>): Tier =>
  tier
    .map(({ upstreams, weight }) => ({ upstreams: upstreams.filter((name) => !seen.has(name)), weight }))
    .filter(({ upstreams }) => upstreams.length > 0);

const limitsOf = (limits: RouteFile["limits"]["default"]): Limits => ({
  requestsPerMinute: limits.requests_per_minute,
  tokensPerMinute: limits.tokens_per_minute,
  concurrentStreams: limits.concurrent_streams,
  tokensPerDay: limits.tokens_per_day,
  costPerDay: limits.cost_per_day,
});
