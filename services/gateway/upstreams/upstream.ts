export type ChatMessage = { readonly role: "system" | "user" | "assistant"; readonly content: string };

/** What an upstream is asked. Only fields that every model server understands alike; unset ones are left to the server. */
export type ChatRequest = {
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
};

export type FinishReason = "stop" | "length" | "content_filter";

/** `estimated` says that the upstream reported no usable numbers and ours are a guess from the text. */
export type Usage = { readonly prompt_tokens: number; readonly completion_tokens: number; readonly estimated: boolean };

export type ChatDelta =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "end"; readonly finishReason: FinishReason; readonly usage: Usage };

/**
 * A model server. `complete` yields any number of `text-delta` and then exactly one `end`. It throws `AppError`:
 * retryable when another upstream may succeed, otherwise the caller has to change the request.
 */
export type Upstream = {
  readonly name: string;
  /** May be learnt from the server on first use, so read it after the first delta. */
  readonly model: string;
  complete(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatDelta, void>;
};
