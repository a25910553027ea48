import { AppError } from "./errors.ts";
import { gatewayFailure, type NamedModel, namedModel } from "./gateway-response.ts";
import type { Vector } from "./index.ts";

/** Who made vectors, as the gateway says. */
export type EmbeddedBy = NamedModel & { readonly embedder: string };
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
    if (!response.ok) throw gatewayFailure(response, body.error?.message ?? "The model gateway refused.");
    const embedder = body.cairn?.embedder;
    if (embedder === undefined || body.data?.length !== texts.length) {
      throw new AppError("upstream_failed", "The model gateway sent something that is no list of embeddings.");
    }
    const by = { embedder, ...namedModel(response.headers, model) };
    return { vectors: body.data.map(({ embedding }) => ({ embedder, values: floatsOf(embedding) })), by };
  };
}

function floatsOf(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
}
