import { z } from "zod";
import { isRecord, refuseFields, unsupported } from "./unsupported-fields.ts";

const MAX_MESSAGES = 256;

/** OpenAI's fields that mean something we do not do. Ignoring one would change the answer without a word. */
const UNSUPPORTED = new Set([
  "audio",
  "frequency_penalty",
  "function_call",
  "functions",
  "logit_bias",
  "logprobs",
  "modalities",
  "moderation",
  "parallel_tool_calls",
  "prediction",
  "presence_penalty",
  "prompt_cache_key",
  "prompt_cache_retention",
  "reasoning_effort",
  "response_format",
  "safety_identifier",
  "service_tier",
  "store",
  "tool_choice",
  "tools",
  "top_logprobs",
  "verbosity",
  "web_search_options",
]);
const UNSUPPORTED_IN_MESSAGE = new Set(["audio", "function_call", "name", "tool_call_id", "tool_calls"]);
const UNSUPPORTED_PARTS = new Set(["image_url", "input_audio", "file", "video_url", "refusal"]);

const content = z.union([z.string(), z.array(z.strictObject({ type: z.literal("text"), text: z.string() })).min(1)]);

/** Asks for nothing: the value that OpenAI takes when the field is absent. */
const isDefault = (field: string, value: unknown): boolean =>
  value === null ||
  (field.endsWith("_penalty") && value === 0) ||
  (field === "logprobs" && value === false) ||
  (field === "response_format" && isRecord(value) && value.type === "text" && Object.keys(value).length === 1);

/** What chats and the older completions take alike. */
export const samplingFields = {
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  n: z.literal(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
  user: z.string().max(512).nullish(),
};

/** An allow-list: what is not named here never reaches a model server. */
export const chatBodySchema = z.strictObject({
  model: z.string(),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(["system", "developer", "user", "assistant"]),
        content,
        refusal: z.null().optional(),
      }),
    )
    .min(1)
    .max(MAX_MESSAGES),
  ...samplingFields,
  // `include_obfuscation: false` asks for what we do anyway: no padding.
  stream_options: z
    .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.literal(false).nullish() })
    .nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

export type ChatBody = z.infer<typeof chatBodySchema>;

/** Names the first field that OpenAI has and this gateway does not serve, in the body or in its messages. */
export function refuseUnsupported(body: unknown): void {
  if (!isRecord(body)) return;
  refuseFields(body, UNSUPPORTED, isDefault);
  if (typeof body.n === "number" && body.n > 1) throw unsupported("n", "Only one choice (n = 1) is served.");
  if (!Array.isArray(body.messages)) return;
  for (const [i, message] of body.messages.entries()) {
    if (!isRecord(message)) continue;
    // Our own answer, sent back as a part of the history, has them.
    delete message.annotations;
    refuseFields(message, UNSUPPORTED_IN_MESSAGE, (_, value) => value === null, `messages.${i}.`);
    if (!Array.isArray(message.content)) continue;
    for (const [j, part] of message.content.entries()) {
      if (!isRecord(part) || typeof part.type !== "string" || !UNSUPPORTED_PARTS.has(part.type)) continue;
      throw unsupported(
        `messages.${i}.content.${j}.type`,
        `Parts of type "${part.type}" are not served here, only text.`,
      );
    }
  }
}

/** The words of a message; text parts are joined. */
export function textOf(content: ChatBody["messages"][number]["content"]): string {
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}
