import { AppError } from "#shared/errors.ts";
import type { Message } from "./prompt.ts";

export type Usage = {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
};

export type ModelEvent =
  | { readonly type: "model"; readonly upstream: string; readonly model: string; readonly attempts: number }
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

export type Generate = (
  messages: readonly Message[],
  settings: GenerateSettings,
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
  return async function* generate(messages, settings, signal) {
    const response = await fetch(`${gatewayUrl}/v1/chat/completions`, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...settings, messages, stream: true, stream_options: { include_usage: true } }),
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new AppError("unavailable", "The model gateway cannot be reached. Try again shortly.", { cause: error });
    });
    if (!response.ok || !response.body) throw await failureOf(response);
    yield {
      type: "model",
      upstream: response.headers.get("x-cairn-upstream") ?? "unknown",
      model: response.headers.get("x-cairn-model") ?? settings.model,
      attempts: Number(response.headers.get("x-cairn-attempts") ?? 1),
    };
    let finishReason: string | undefined;
    let usage = NO_USAGE;
    for await (const piece of piecesOf(response.body)) {
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

/** Our own gateway sends one `data:` line an event, so lines are all that has to be told apart. */
async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Piece> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6)) as Piece;
    }
  }
}

async function failureOf(response: Response): Promise<AppError> {
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { code?: string; message?: string } }
    | undefined;
  const message = body?.error?.message ?? "The model gateway refused the request.";
  if (response.status === 400) return new AppError("invalid_request", message);
  if (response.status === 429) return new AppError("rate_limited", message, { retryAfterSeconds: 1 });
  return new AppError(response.status === 503 ? "unavailable" : "upstream_failed", message);
}
