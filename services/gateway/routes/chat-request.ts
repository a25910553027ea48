import { type ChatBody, textOf } from "#shared/chat-body.ts";
import type { ChatRequest } from "../upstreams/upstream.ts";

/** `user` and `metadata` end here: a model server needs neither to answer. */
export function toChatRequest(body: ChatBody): ChatRequest {
  return {
    messages: body.messages.map(({ role, content }) => ({
      role: role === "developer" ? "system" : role,
      content: textOf(content),
    })),
    temperature: body.temperature ?? undefined,
    topP: body.top_p ?? undefined,
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
    seed: body.seed ?? undefined,
    stop: typeof body.stop === "string" ? [body.stop] : (body.stop ?? undefined),
  };
}
