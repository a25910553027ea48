import { existsSync } from "node:fs";
import { z } from "zod";
import type { Env } from "#shared/env.ts";
import { unusableModel } from "../onnx/unusable-model.ts";
import {
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_CONCURRENT,
  DEFAULT_ONNX_THREADS,
  DEFAULT_PROBE_MS,
  DEFAULT_QUEUE,
  DEFAULT_TIMEOUTS,
} from "../routing/default-routes.ts";
import { amount, checked, fields, list, meant, mustBe, named, oneOf, text, whole } from "./fields.ts";

/** Timers take no more than 2^31 - 1 ms and fire at once beyond it; a day is longer than any wait here. */
const maxMs = 24 * 60 * 60 * 1000;
const maxCount = 1_000_000_000;
const maxWeight = 1_000_000;

const ms = (min: number) => whole(min, maxMs);
const count = whole(1, maxCount);
const weight = amount(`a number above 0, ${maxWeight} at most`, (value) => value > 0 && value <= maxWeight);
const share = amount("a number from 0 to 1", (value) => value >= 0 && value <= 1);
const price = amount("a price of 0 or more", (value) => value >= 0);
const upstreamName = text("the name of an upstream");

const baseUrl = checked<string>((value) => {
  const what = "an http or https URL up to and including /v1";
  if (typeof value !== "string" || !URL.canParse(value)) return mustBe(what, value);
  const { protocol, username, password } = new URL(value);
  if (!/^https?:$/.test(protocol)) return `must be ${what}.`;
  if (username || password)
    return "must not hold credentials. Put the key into the environment and name it in api_key_env.";
  return /[?#]/.test(value) ? `must be ${what}, without a query or a fragment.` : undefined;
});

/** The name of a variable that is set. What it is set to never leaves the process: neither does a key in its place. */
const variable = (env: Env) =>
  checked<string>((value) => {
    if (typeof value !== "string" || !/^[A-Z_][A-Z0-9_]*$/.test(value)) {
      return `${value === undefined ? "is missing. It" : ""} must be the NAME of an environment variable, such as VLLM_KEY, never the secret itself.`.trim();
    }
    if (!env[value]) return `names the environment variable ${value}, which is not set. Set it, or remove this field.`;
    const isOneWord = /^[\x21-\x7e]+$/.test(env[value]);
    return isOneWord
      ? undefined
      : `names ${value}, which holds a space, a line break or a letter that no header can carry.`;
  });

const timeouts = fields("a mapping of timeouts", {
  connect_ms: ms(1).default(DEFAULT_TIMEOUTS.connectMs),
  headers_ms: ms(1).default(DEFAULT_TIMEOUTS.headersMs),
  first_token_ms: ms(1).default(DEFAULT_TIMEOUTS.firstTokenMs),
  idle_ms: ms(1).default(DEFAULT_TIMEOUTS.idleMs),
  total_ms: ms(1).default(DEFAULT_TIMEOUTS.totalMs),
});

const weights = checked<string>((value) => {
  if (typeof value !== "string" || value === "") return "must be the path of a file or folder.";
  return existsSync(value) ? undefined : `${value} is not there. Mount it into the gateway, or remove this field.`;
});

const openAi = (env: Env) =>
  fields("a mapping with base_url, { embedded: extractive } or { embedded: onnx, folder: PATH }", {
    base_url: baseUrl,
    api_key_env: variable(env).optional(),
    model: text("the name of a model").optional(),
    max_concurrent: count.default(DEFAULT_MAX_CONCURRENT),
    timeouts: timeouts.prefault({}),
    price: fields("a mapping of prices", {
      input_per_million: price.default(0),
      output_per_million: price.default(0),
    }).prefault({}),
    probe_ms: ms(100).default(DEFAULT_PROBE_MS),
    cache_salt_env: variable(env).optional(),
    weights: weights.optional(),
  });

const extractive = fields("{ embedded: extractive }", {
  embedded: oneOf(["extractive", "onnx"]),
  max_concurrent: count.default(DEFAULT_MAX_CONCURRENT),
});

const onnx = fields("{ embedded: onnx, folder: PATH }", {
  embedded: oneOf(["onnx"]),
  folder: checked<string>((value) =>
    typeof value === "string" && value !== "" ? unusableModel(value) : mustBe("the path of a folder", value),
  ),
  threads: whole(1, 64).default(DEFAULT_ONNX_THREADS),
  max_concurrent: count.default(DEFAULT_MAX_CONCURRENT),
});
const embedded = meant(
  (value) => isObject(value) && "embedded" in value && value.embedded === "onnx",
  onnx,
  extractive,
);

/** White space at its end counts. */
const prefix = z.string({ error: ({ input }) => mustBe('a text in quotes, such as "query: "', input) }).max(200);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** `[a, b]` is short for one arm with both. */
const tier = meant(
  (value) => Array.isArray(value) && value.some(isObject),
  list(
    "a list of arms",
    fields("an arm { upstreams: [NAME], weight: 90 }, as the others of this tier", {
      upstreams: list("a list of upstreams", upstreamName),
      weight,
    }),
  ),
  list("a list of upstreams, such as [vllm-a, vllm-b], or of arms with weights", upstreamName),
);

const model = fields("a mapping with tiers", {
  kind: oneOf(["chat", "embed", "rerank"]).default("chat"),
  tiers: list("a list of tiers, each a list of upstreams", tier),
  fallback: text("the alias of another model").optional(),
  queue: fields("a mapping with the limits of the queue", {
    max_requests: count.default(DEFAULT_QUEUE.maxRequests),
    max_bytes: whole(1, 2 ** 40).default(DEFAULT_QUEUE.maxBytes),
    max_wait_ms: ms(1).default(DEFAULT_QUEUE.maxWaitMs),
  }).prefault({}),
  waiting_room_ms: ms(0).default(0),
  max_attempts: whole(1, 100).default(DEFAULT_MAX_ATTEMPTS),
  shadow: fields("a mapping with upstream and share", { upstream: upstreamName, share }).optional(),
  cache: fields("a mapping with ttl_s and max_mb", {
    ttl_s: whole(1, maxMs / 1000),
    max_mb: whole(1, 65_536),
  }).optional(),
  hedge_after_ms: ms(1).optional(),
  query_prefix: prefix.optional(),
  passage_prefix: prefix.optional(),
});

const limits = fields("a mapping of limits", {
  requests_per_minute: count.optional(),
  tokens_per_minute: count.optional(),
  concurrent_streams: count.optional(),
  tokens_per_day: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  cost_per_day: amount("an amount above 0", (value) => value > 0).optional(),
});

/** The id of an API key, as `cairn keys` prints it. */
const keyId = z.string().regex(/^[a-z0-9]{12}$/);

/** The shape of a route file with its defaults filled in; whether its names lead somewhere is another question. */
export const routeFileSchema = (env: Env) =>
  fields("a mapping with upstreams and models", {
    upstreams: named(
      "a mapping of upstreams by name",
      meant((value) => isObject(value) && "embedded" in value, embedded, openAi(env)),
    ).refine((all) => Object.keys(all).length > 0, "is empty. Name one upstream at least."),
    models: named("a mapping of models by alias", model).refine(
      (all) => Object.keys(all).length > 0,
      "is empty. Name one model at least, for example chat.",
    ),
    limits: fields("a mapping with default, tenants and keys", {
      default: limits.prefault({}),
      tenants: named("a mapping of limits by tenant", limits).prefault({}),
      keys: z
        .record(keyId, limits, {
          error: ({ code, input }) =>
            code === "invalid_key"
              ? "has a name that is no id of a key, which has 12 letters and digits. Never put a key itself here."
              : mustBe("a mapping of limits by the id of a key", input),
        })
        .prefault({}),
    }).prefault({}),
  });

export type RouteFile = z.output<ReturnType<typeof routeFileSchema>>;
