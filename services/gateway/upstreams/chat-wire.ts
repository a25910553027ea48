import type { ChatRequest } from "./upstream.ts";

export type ChatWire = {
  readonly model: string;
  readonly stream: boolean;
  /** OpenAI's newer models refuse max_tokens; other servers do not know its successor. */
  readonly limitField: "max_tokens" | "max_completion_tokens";
  readonly cacheSalt: string | undefined;
};

/**
 * The JSON of a chat or a completion as model servers read it. Put together by hand: the texts are nearly all of it, and an
 * object made for `JSON.stringify` alone would cost as much again. What is not set is left to the server.
 */
export function chatWire(request: ChatRequest, { model, stream, limitField, cacheSalt }: ChatWire): string {
  const { prompt, messages, temperature, topP, maxTokens, seed, stop } = request;
  let json = `{"model":${JSON.stringify(model)}`;
  if (prompt === undefined) {
    json += ',"messages":[';
    let separator = "";
    for (const { role, content } of messages) {
      json += `${separator}{"role":"${role}","content":${JSON.stringify(content)}}`;
      separator = ",";
    }
    json += "]";
  } else json += `,"prompt":${JSON.stringify(prompt)}`;
  if (temperature !== undefined) json += `,"temperature":${temperature}`;
  if (topP !== undefined) json += `,"top_p":${topP}`;
  if (maxTokens !== undefined) json += `,"${prompt === undefined ? limitField : "max_tokens"}":${maxTokens}`;
  if (seed !== undefined) json += `,"seed":${seed}`;
  if (stop?.length) json += `,"stop":${JSON.stringify(stop)}`;
  if (cacheSalt !== undefined) json += `,"cache_salt":"${cacheSalt}"`;
  if (stream) json += ',"stream":true,"stream_options":{"include_usage":true}';
  return `${json}}`;
}
