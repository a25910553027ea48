import { z } from "zod";
import { checked } from "#shared/checked.ts";
import { AppError } from "#shared/errors.ts";
import type { DoorHandler } from "../door.ts";
import { hedged } from "../routing/hedge.ts";
import { estimateTokens } from "../upstreams/estimate-tokens.ts";
import { type ModelRouteDeps, modelRoute } from "./model-request.ts";

const MAX_DOCUMENTS = 1000;

export const rerankBodySchema = z.strictObject({
  model: z.string(),
  query: z.string().min(1),
  documents: z.array(z.string()).min(1).max(MAX_DOCUMENTS),
  top_n: z.int().min(1).nullish(),
  return_documents: z.boolean().nullish(),
});

type Loose = { results?: { index?: unknown; relevance_score?: unknown }[]; usage?: { total_tokens?: unknown } | null };

/** `POST /v1/rerank` as Jina, Cohere and vLLM have it. */
export function rerank(deps: ModelRouteDeps): DoorHandler {
  const { routes, metrics } = deps;
  return modelRoute("/v1/rerank", deps, async (request) => {
    const body = checked(rerankBodySchema, request.body);
    const model = routes.find(body.model, "rerank");
    const { query, documents } = body;
    const served = await hedged(
      model,
      request.call(undefined, query),
      async (by, stop) =>
        resultsOf(await by.post("/rerank", { query, documents }, request.traceparent, stop), documents.length),
      metrics.onAttempt,
      request.signal,
    );
    served.done();
    request.onServed(body.model, served);
    const { results, tokens } = served.value;
    const total_tokens = tokens ?? estimateTokens(query) * documents.length + estimateTokens(documents.join(""));
    request.onUsage({ prompt_tokens: total_tokens, completion_tokens: 0, estimated: tokens === undefined });
    request.sendJson(
      JSON.stringify({
        id: request.id,
        model: body.model,
        results: results.slice(0, body.top_n ?? results.length).map(({ index, relevance_score }) => ({
          index,
          relevance_score,
          ...(body.return_documents && { document: { text: documents[index] } }),
        })),
        usage: { total_tokens },
      }),
    );
  });
}

/** Every document once, the best first; equal scores keep the documents' order. */
function resultsOf(
  value: unknown,
  count: number,
): { results: { index: number; relevance_score: number }[]; tokens: number | undefined } {
  const { results, usage } = (value ?? {}) as Loose;
  if (!Array.isArray(results)) throw strange();
  const scores = new Map<number, number>();
  for (const result of results) {
    const { index, relevance_score } = result ?? {};
    const known = Number.isInteger(index) && (index as number) >= 0 && (index as number) < count;
    if (!known || !Number.isFinite(relevance_score) || scores.has(index as number)) throw strange();
    scores.set(index as number, relevance_score as number);
  }
  if (scores.size !== count) throw strange();
  const total = usage?.total_tokens;
  return {
    results: [...scores]
      .map(([index, relevance_score]) => ({ index, relevance_score }))
      .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index),
    tokens: Number.isInteger(total) ? (total as number) : undefined,
  };
}

const strange = (): AppError => new AppError("upstream_failed", "The model server sent something that is no ranking.");
