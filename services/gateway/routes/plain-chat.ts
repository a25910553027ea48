import type { ChatBody } from "#shared/chat-body.ts";

const MAX_MESSAGES = 256;

/**
 * Whether a body is a chat as nearly all are: texts, and no more than the common settings. It is then exactly what
 * `chatBodySchema` makes of it, at a tenth of the cost; for all else the schema decides, and says what is wrong.
 */
export function isPlainChat(body: unknown): body is ChatBody {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return false;
  let required = 0;
  for (const field of Object.keys(body)) {
    const value = (body as Record<string, unknown>)[field];
    if (field === "model") {
      if (typeof value !== "string") return false;
      required += 1;
    } else if (field === "messages") {
      if (!areTexts(value)) return false;
      required += 1;
    } else if (field === "stream") {
      if (typeof value !== "boolean") return false;
    } else if (field === "temperature") {
      if (typeof value !== "number" || !(value >= 0 && value <= 2)) return false;
    } else if (field === "max_tokens") {
      if (!Number.isSafeInteger(value) || (value as number) < 1) return false;
    } else return false;
  }
  return required === 2;
}

function areTexts(messages: unknown): boolean {
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > MAX_MESSAGES) return false;
  for (const message of messages as unknown[]) {
    if (typeof message !== "object" || message === null) return false;
    const { role, content } = message as { role?: unknown; content?: unknown };
    if (role !== "user" && role !== "assistant" && role !== "system") return false;
    if (typeof content !== "string" || Object.keys(message).length !== 2) return false;
  }
  return true;
}
