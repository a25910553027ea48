import { type ChatBody, textOf } from "#shared/chat-body.ts";
import type { ChatRequest } from "../upstreams/upstream.ts";

/** Words that end a turn in common chat templates (DeepSeek's have wide bars). As text of a document or a user they would forge one. */
const SPECIAL_TOKEN = /<(?=\|[a-z0-9_]{1,40}\|>|｜[^｜<>]{1,40}｜>|(?:start|end)_of_turn>|\/s>)/gi;

/** `user` and `metadata` end here: a model server needs neither to answer. */
export function toChatRequest(body: ChatBody, tenant: string): ChatRequest {
  return {
    messages: body.messages.map(({ role, content }) => ({
      role: role === "developer" ? "system" : role,
      content: withoutSpecialTokens(textOf(content)),
    })),
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    seed: body.seed ?? undefined,
    stop: typeof body.stop === "string" ? [body.stop] : (body.stop ?? undefined),
    tenant,
  };
}

/** The words stay readable; only the tokenizer of a model server no longer takes them for its own. */
export function withoutSpecialTokens(text: string): string {
  return text.includes("<") ? text.replaceAll(SPECIAL_TOKEN, "< ") : text;
}
