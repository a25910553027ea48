import { z } from "zod";
import { checked } from "#shared/checked.ts";
import { AppError } from "#shared/errors.ts";
import type { DoorHandler } from "../door.ts";
import { createEmbed, type Embed } from "../embeddings/embed.ts";
import type { LiveModel } from "../routing/live-model.ts";
import type { ModelSettings } from "../routing/route-table.ts";
import { type ModelRouteDeps, modelRoute } from "./model-request.ts";

const MAX_TEXTS = 2048;
const text = z.string().min(1, "An empty text has no embedding");

/** An allow-list: what is not named here never reaches a model server. */
export const embeddingsBodySchema = z.strictObject({
  model: z.string(),
  input: z.union([text, z.array(text).min(1).max(MAX_TEXTS)]),
  dimensions: z.int().min(1).max(65_536).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  user: z.string().max(512).nullish(),
  /** As NVIDIA's servers have it: decides which prefix of the route goes before the texts. */
  input_type: z.enum(["query", "passage"]).nullish(),
});

/** `POST /v1/embeddings` in OpenAI's wire format. */
export function embeddings(deps: ModelRouteDeps): DoorHandler {
  const { routes, metrics } = deps;
  const embeds = new WeakMap<LiveModel, Embed>();
  const embedOf = (model: LiveModel): Embed => {
    const embed = embeds.get(model) ?? createEmbed(model, metrics.onAttempt);
    embeds.set(model, embed);
    return embed;
  };
  return modelRoute("/v1/embeddings", deps, async (request) => {
    refuseTokens(request.body);
    const body = checked(embeddingsBodySchema, request.body);
    const model = routes.find(body.model, "embed");
    const prefix = prefixOf(model.settings, body.input_type);
    const texts = (typeof body.input === "string" ? [body.input] : body.input).map((text) => prefix + text);
    const call = request.call(undefined, "");
    const asked = { texts, dimensions: body.dimensions ?? undefined, call, traceparent: request.traceparent };
    const { vectors, usage, source, served } = await embedOf(model)(asked, request.signal);
    if (served) request.onServed(body.model, served);
    else request.cached = true;
    request.servedBy = source.servedBy;
    request.onUsage(usage);
    const encode = body.encoding_format === "base64" ? base64Of : (vector: Float32Array) => Array.from(vector);
    request.sendJson(
      JSON.stringify({
        object: "list",
        data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: encode(vector) })),
        model: body.model,
        cairn: { embedder: source.embedder },
        usage: { prompt_tokens: usage.prompt_tokens, total_tokens: usage.prompt_tokens },
      }),
    );
  });
}

function prefixOf({ queryPrefix = "", passagePrefix = "" }: ModelSettings, type: string | null | undefined): string {
  if (type === "query") return queryPrefix;
  return type === "passage" ? passagePrefix : "";
}

/** 32-bit floats, little-endian, as OpenAI has it. */
function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}

function refuseTokens(body: unknown): void {
  const input = (body as { input?: unknown } | null)?.input;
  if (!Array.isArray(input) || !input.some((item) => typeof item === "number" || Array.isArray(item))) return;
  throw new AppError("unsupported_field", "Tokens as input are not served here, only texts.", { param: "input" });
}
