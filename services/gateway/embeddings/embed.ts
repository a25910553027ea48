import { AppError } from "#shared/errors.ts";
import { cacheKey } from "../cache/exact-cache.ts";
import { hedged } from "../routing/hedge.ts";
import type { Call, LiveModel } from "../routing/live-model.ts";
import type { OnAttempt, Served } from "../routing/serve.ts";
import { servedByOf } from "../routing/served-by.ts";
import { estimateTokens } from "../upstreams/estimate-tokens.ts";
import type { Usage } from "../upstreams/upstream.ts";
import { type Coalescer, createCoalescer } from "./coalesce.ts";
import { embedderName } from "./embedder-name.ts";
import { parseEmbeddings } from "./parse-embeddings.ts";

/** Texts of one call to a model server; TEI's default limit is 32, vLLM's and OpenAI's are far above. */
const MAX_BATCH_TEXTS = 32;

/** `tokens` as the server counted, shared out by length. */
export type Embedding = { readonly vector: Float32Array; readonly tokens: number; readonly source: Source };
/** Who made a vector, also one that was kept: as headers, and as the name of what can be compared with it. */
export type Source = { readonly servedBy: readonly string[]; readonly embedder: string };
type Answered = { readonly embedding: Embedding; readonly served: Served<unknown> };
export type Embedded = {
  readonly vectors: readonly Float32Array[];
  readonly usage: Usage;
  readonly source: Source;
  /** Of the last batch; `undefined` when the cache had everything. */
  readonly served: Served<unknown> | undefined;
};

export type Asked = {
  readonly texts: readonly string[];
  readonly dimensions: number | undefined;
  readonly call: Call;
  readonly traceparent: string | undefined;
};

/**
 * Texts to vectors: what is known from the cache, the rest in batches together with other requests of the tenant. A
 * batch of several tenants could not wait its turn between them.
 */
export function createEmbed(model: LiveModel, onAttempt: OnAttempt) {
  const coalescers = new Map<string, Coalescer<Answered>>();

  const coalescerOf = (key: string, call: Call, dimensions: number | undefined): Coalescer<Answered> => {
    const known = coalescers.get(key);
    if (known) return known;
    const made = createCoalescer<Answered>(
      MAX_BATCH_TEXTS,
      async (texts, traceparent, signal) => {
        const bytes = texts.reduce((sum, text) => sum + text.length, 0);
        const batch: Call = { ...call, bytes, enteredAt: performance.now() };
        const served = await hedged(
          model,
          batch,
          async (by, stop) => {
            const body = { input: texts, encoding_format: "float", ...(dimensions !== undefined && { dimensions }) };
            return parseEmbeddings(await by.post("/embeddings", body, traceparent, stop), texts.length);
          },
          onAttempt,
          signal,
        );
        served.done();
        const { vectors, promptTokens } = served.value;
        const shares = sharesOf(texts, promptTokens);
        const embedder = embedderName(model.settings, served.upstream, vectors[0]!.length);
        const source = { servedBy: servedByOf(served), embedder };
        return vectors.map((vector, at) => ({ embedding: { vector, tokens: shares[at]!, source }, served }));
      },
      (error) => error instanceof AppError && !error.retryable,
    );
    coalescers.set(key, made);
    return made;
  };

  return async ({ texts, dimensions, call, traceparent }: Asked, signal: AbortSignal): Promise<Embedded> => {
    const { cache } = model;
    const keys = texts.map((text) => cacheKey(call.tenant, [dimensions ?? null, text]));
    const known = keys.map((key) => cache?.get<Embedding>(key));
    const missing = texts.filter((_, at) => !known[at]);
    const group = `${call.priority} ${dimensions ?? ""} ${call.tenant}`;
    const coalescer = coalescerOf(group, call, dimensions);
    const parts: Promise<readonly Answered[]>[] = [];
    for (let at = 0; at < missing.length; at += MAX_BATCH_TEXTS) {
      parts.push(coalescer.add(missing.slice(at, at + MAX_BATCH_TEXTS), traceparent, signal));
    }
    const answered = await Promise.all(parts)
      .then((batches) => batches.flat())
      .finally(() => coalescer.isIdle() && coalescers.delete(group));
    let next = 0;
    const all = known.map((hit, at) => {
      if (hit) return hit;
      const { embedding } = answered[next++]!;
      cache?.set(keys[at]!, embedding, embedding.vector.byteLength);
      return embedding;
    });
    const { source } = all[0]!;
    if (all.some((one) => one.source.embedder !== source.embedder)) {
      throw new AppError("unavailable", "The embedding model is being replaced. Try again.", { retryAfterSeconds: 1 });
    }
    const prompt_tokens = answered.reduce((sum, { embedding }) => sum + embedding.tokens, 0);
    return {
      vectors: all.map(({ vector }) => vector),
      usage: { prompt_tokens, completion_tokens: 0, estimated: false },
      source,
      served: answered.at(-1)?.served,
    };
  };
}

export type Embed = ReturnType<typeof createEmbed>;

/** A batch has one count for several callers. Shares are whole and add up to it. */
function sharesOf(texts: readonly string[], total: number | undefined): number[] {
  const estimates = texts.map(estimateTokens);
  if (total === undefined) return estimates;
  const sum = estimates.reduce((a, b) => a + b, 0) || 1;
  let given = 0;
  let seen = 0;
  return estimates.map((estimate) => {
    seen += estimate;
    const share = Math.round((total * seen) / sum) - given;
    given += share;
    return share;
  });
}
