import { sha256 } from "#shared/digest.ts";
import { AppError } from "#shared/errors.ts";
import { gatewayFailure, type NamedModel, namedModel } from "#shared/gateway-response.ts";
import { TENANT_HEADER } from "#shared/principal.ts";
import { readSse } from "#shared/read-sse.ts";
import type { Message } from "./prompt.ts";

export type Usage = {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
};

/** Which model answers, as the gateway says. */
export type ServedBy = NamedModel & {
  readonly attempts: number;
  /** Whether the answer is one that the gateway had kept. */
  readonly cached: boolean;
};

export type ModelEvent =
  | { readonly type: "model"; readonly servedBy: ServedBy }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "end"; readonly finishReason: string; readonly usage: Usage };

export type GenerateSettings = {
  readonly model: string;
  readonly temperature: number;
  readonly max_tokens: number;
  readonly top_p?: number;
  readonly seed?: number;
  readonly stop?: string | readonly string[];
};

/** For whom a model is asked: the gateway counts by tenant, and keeps a conversation where its beginning is cached. */
export type Caller = {
  readonly tenant: string;
  readonly conversationId: string;
  /** Models that must not answer, by name. */
  readonly withoutModels: ReadonlySet<string>;
};

export type Generate = (
  messages: readonly Message[],
  settings: GenerateSettings,
  caller: Caller,
  signal: AbortSignal,
) => AsyncGenerator<ModelEvent, void>;

type Piece = {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: Usage | null;
  error?: { message: string };
};

const NO_USAGE: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/** The gateway as a function. Aborting `signal` closes the connection, and the gateway stops the model. */
export function gatewayGenerate(gatewayUrl: string, gatewayKey?: string): Generate {
  const headers = {
    "content-type": "application/json",
    ...(gatewayKey && { authorization: `Bearer ${gatewayKey}` }),
  };
  return async function* generate(messages, settings, { tenant, conversationId, withoutModels }, signal) {
    const withdrawn = [...withoutModels].map(encodeURIComponent).join(",");
    const response = await fetch(`${gatewayUrl}/v1/chat/completions`, {
      method: "POST",
      headers: {
        ...headers,
        "x-cairn-tenant": accountOf(tenant),
        "x-cairn-conversation": conversationId,
        ...(withdrawn !== "" && { "x-cairn-without-models": withdrawn }),
      },
      body: JSON.stringify({ ...settings, messages, stream: true, stream_options: { include_usage: true } }),
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new AppError("unavailable", "The model gateway cannot be reached. Try again shortly.", { cause: error });
    });
    if (!response.ok || !response.body) throw await failureOf(response);
    yield { type: "model", servedBy: servedByOf(response.headers, settings.model) };
    let finishReason: string | undefined;
    let usage = NO_USAGE;
    for await (const piece of piecesOf(response.body, signal)) {
      if (piece.error)
        throw new AppError("upstream_failed", "The model stopped in the middle of its answer. Ask again.");
      const choice = piece.choices?.[0];
      if (choice?.delta?.content) yield { type: "text-delta", text: choice.delta.content };
      finishReason = choice?.finish_reason ?? finishReason;
      usage = piece.usage ?? usage;
    }
    if (!finishReason) throw new AppError("upstream_failed", "The model's answer ended too early. Ask again.");
    yield { type: "end", finishReason, usage };
  };
}

function servedByOf(headers: Headers, asked: string): ServedBy {
  return {
    ...namedModel(headers, asked),
    attempts: Number(headers.get("x-cairn-attempts") ?? 1),
    cached: headers.get("x-cairn-cache") === "hit",
  };
}

/** What breaks here is the gateway or the line to it. The original error may quote the answer, so it goes no further. */
async function* piecesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Piece, void> {
  try {
    for await (const data of readSse(body)) if (data !== "[DONE]") yield JSON.parse(data) as Piece;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new AppError("upstream_failed", "The model's answer broke off. Ask again.");
  }
}

/** The tenant, or its digest where the name is none that the gateway takes in a header. */
const accountOf = (tenant: string): string =>
  TENANT_HEADER.test(tenant) ? tenant : `sha256-${sha256(tenant).slice(0, 32)}`;

async function failureOf(response: Response): Promise<AppError> {
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { message?: string; code?: string } }
    | undefined;
  const message = body?.error?.message ?? "The model gateway refused the request.";
  // Waiting does not help, so it is another 503 than the one of a busy gateway.
  return gatewayFailure(response, message, body?.error?.code === "withdrawn" ? "withdrawn" : undefined);
}
