import { type ChatBody, textOf } from "#shared/chat-body.ts";
import type { ChatRequest } from "../upstreams/upstream.ts";

/** Words that end a turn in common chat templates (DeepSeek's have wide bars). As text of a document or a user they would forge one. */
const SPECIAL_TOKEN = /<(?=\|[a-z0-9_]{1,40}\|>|｜[^｜<>]{1,40}｜>|(?:start|end)_of_turn>|\/s>)/gi;

/** `user` and `metadata` end here: a model server needs neither to answer. */
export function toChatRequest(body: ChatBody, tenant: string, traceparent?: string): ChatRequest {
  return {
    messages: body.messages.map(({ role, content }) => ({
      role: role === "developer" ? "system" : role,
      content: withoutSpecialTokens(textOf(content)),
    })),
    ...samplingOf(body),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    tenant,
    traceparent,
  };
}

type Sampling = Pick<ChatBody, "temperature" | "top_p" | "seed" | "stop">;

/** What a body says of how to sample, in our words. */
export function samplingOf({ temperature, top_p, seed, stop }: Sampling) {
  return {
    temperature: temperature ?? undefined,
    topP: top_p ?? undefined,
    seed: seed ?? undefined,
    stop: typeof stop === "string" ? [stop] : (stop ?? undefined),
  };
}

/** The words stay readable; only the tokenizer of a model server no longer takes them for its own. */
export function withoutSpecialTokens(text: string): string {
  return text.includes("<") ? text.replaceAll(SPECIAL_TOKEN, "< ") : text;
}
