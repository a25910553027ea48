import { AppError, type ErrorCode } from "./errors.ts";
import type { Vector } from "./index.ts";
import { type Assurance, assuranceSchema } from "./lineage/answer-statement.ts";

/** Who made vectors, as the gateway says. */
export type EmbeddedBy = {
  readonly embedder: string;
  readonly upstream: string;
  readonly model: string;
  /** sha256 of its files, where the gateway could measure them. */
  readonly digest: string | undefined;
  readonly assurance: Assurance;
};
export type Embedded = { readonly vectors: readonly Vector[]; readonly by: EmbeddedBy };

/**
 * Texts to vectors in their order. Rejects with `AppError`: `model_not_found` where the gateway has no embedding model,
 * `invalid_request` for a text that the model does not take, retryable for whatever may pass.
 */
export type Embed = (type: "query" | "passage", texts: readonly string[], signal: AbortSignal) => Promise<Embedded>;

export type EmbedSettings = {
  /** Base address of the gateway, without `/v1`. */
  readonly gatewayUrl: string;
  readonly gatewayKey?: string | undefined;
  /** Alias of the embedding model. */
  readonly model: string;
};

/** Of the gateway's route for embeddings. */
export const EMBED_ALIAS = "embed";

type Body = {
  readonly data?: readonly { readonly embedding: string }[];
  readonly cairn?: { readonly embedder?: string };
  readonly error?: { readonly message?: string };
};

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_request",
  404: "model_not_found",
  413: "invalid_request",
  429: "rate_limited",
  503: "unavailable",
  504: "upstream_timeout",
};

/** The embedding model behind the gateway. Passages go as work that can wait. */
export function gatewayEmbed({ gatewayUrl, gatewayKey, model }: EmbedSettings): Embed {
  return async (type, texts, signal) => {
    const response = await fetch(`${gatewayUrl}/v1/embeddings`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(gatewayKey && { authorization: `Bearer ${gatewayKey}` }),
        ...(type === "passage" && { "x-cairn-priority": "batch" }),
      },
      body: JSON.stringify({ model, input: texts, input_type: type, encoding_format: "base64" }),
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new AppError("unavailable", "The model gateway cannot be reached. Try again shortly.", { cause: error });
    });
    const body = (await response.json().catch(() => ({}))) as Body;
    if (!response.ok) throw failureOf(response, body);
    const embedder = body.cairn?.embedder;
    if (embedder === undefined || body.data?.length !== texts.length) {
      throw new AppError("upstream_failed", "The model gateway sent something that is no list of embeddings.");
    }
    const digest = /^sha256:([0-9a-f]{64})$/.exec(response.headers.get("x-cairn-model-digest") ?? "")?.[1];
    const upstream = response.headers.get("x-cairn-upstream") ?? "unknown";
    const said = assuranceSchema.safeParse(response.headers.get("x-cairn-model-assurance"));
    // A name without a digest is what somebody else says.
    const assurance = digest !== undefined && said.success ? said.data : "declared";
    const by = { embedder, upstream, model: response.headers.get("x-cairn-model") ?? model, digest, assurance };
    return { vectors: body.data.map(({ embedding }) => ({ embedder, values: floatsOf(embedding) })), by };
  };
}

function floatsOf(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
}

function failureOf({ status, headers }: Response, { error }: Body): AppError {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const wait = Number.isInteger(seconds) && seconds >= 0 ? { retryAfterSeconds: seconds } : {};
  return new AppError(CODES[status] ?? "upstream_failed", error?.message ?? "The model gateway refused.", wait);
}
