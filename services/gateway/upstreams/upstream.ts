export type ChatMessage = { readonly role: "system" | "user" | "assistant"; readonly content: string };

/** What an upstream is asked. Only fields that every model server understands alike; unset ones are left to the server. */
export type ChatRequest = {
  readonly messages: readonly ChatMessage[];
  /** Text to go on from, without a chat template: OpenAI's older completions. The messages say the same for others. */
  readonly prompt?: string | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  /** For whom: what one tenant has in a model server's cache must not be felt by another. */
  readonly tenant?: string | undefined;
  /** W3C Trace Context of the caller, so that the server's spans belong to its trace. */
  readonly traceparent?: string | undefined;
};

export type FinishReason = "stop" | "length" | "content_filter";

/** `estimated` says that the upstream reported no usable numbers and ours are a guess from the text. */
export type Usage = { readonly prompt_tokens: number; readonly completion_tokens: number; readonly estimated: boolean };

export type ChatDelta =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "end"; readonly finishReason: FinishReason; readonly usage: Usage };

export type Completion = { readonly text: string; readonly finishReason: FinishReason; readonly usage: Usage };

/** Any number of `text-delta`, then exactly one `end`. `return()` stops the model; a reader that waits holds it back. */
export type Deltas = AsyncIterableIterator<ChatDelta, void>;

/** sha256 of weights or code, and how sure it is that this is what answers. */
export type ModelIdentity = { readonly digest: string; readonly assurance: "attested" | "observed" };

/**
 * A model server. Every function throws `AppError`: retryable when another upstream may succeed, otherwise the caller
 * has to change the request.
 */
export type Upstream = {
  readonly name: string;
  /** May be learnt from the server on first use, so read it after the first answer. */
  readonly model: string;
  /** What it runs, measured; `undefined` where only its name is known. May come later, as the model's name may. */
  readonly identity?: ModelIdentity | undefined;
  complete(request: ChatRequest, signal: AbortSignal): Promise<Completion>;
  /** Resolves once the first delta is there: until then nothing has been promised to anybody. */
  stream(request: ChatRequest, signal: AbortSignal): Promise<Deltas>;
  /** Embeddings and rerank: one JSON object for another. `path` is below `/v1`. */
  post(path: string, body: object, traceparent: string | undefined, signal: AbortSignal): Promise<unknown>;
  /** Whether the server answers at all. */
  ping(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};
