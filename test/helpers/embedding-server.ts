import { setTimeout as sleep } from "node:timers/promises";
import type { Behaviour } from "./mock-upstream.ts";

/** Of a text: different texts have different ones, and all numbers are exact as 32-bit floats. */
export const vectorOf = (text: string, dimensions = 4): number[] =>
  Array.from({ length: dimensions }, (_, at) => (text.charCodeAt(at % text.length) * (at + 1) + text.length) / 256);

/** What a model server answers to these texts. */
export function embeddingsOf(texts: readonly string[], dimensions?: number): { data: object[]; usage: object } {
  return {
    data: texts.map((text, index) => ({ object: "embedding", index, embedding: vectorOf(text, dimensions) })),
    usage: { prompt_tokens: texts.join("").length, total_tokens: texts.join("").length },
  };
}

export const textsOf = (call: { readonly body: Record<string, unknown> }): string[] => call.body.input as string[];

/** Answers embeddings after `ms`, and refuses a batch with the text "bad" in it. */
export const embeds =
  (ms = 0): Behaviour =>
  async (response, call) => {
    await sleep(ms);
    const texts = textsOf(call);
    if (texts.includes("bad")) return sendJson(response, { error: { message: "secret: too bad" } }, 400);
    sendJson(response, embeddingsOf(texts, call.body.dimensions as number | undefined));
  };

export const sendJson = (response: Parameters<Behaviour>[0], value: object | string, status = 200): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(typeof value === "string" ? value : JSON.stringify(value));
};
