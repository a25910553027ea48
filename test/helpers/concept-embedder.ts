import type { Embed } from "#shared/gateway-embed.ts";
import { sendJson, textsOf } from "./embedding-server.ts";
import type { Behaviour } from "./mock-upstream.ts";

/** Each line is one meaning, in words that share no term. The last dimension is what has none of them. */
const CONCEPTS: readonly RegExp[] = [
  /swallow|bird|feather|燕子|鸟/i,
  /bread|dough|oven|bak|面包|面团|烤/i,
  /lighthouse|lamp|ship|rock|灯塔|船|礁石/i,
  /holiday|vacation|leave|休假|假期/i,
  /password|sign in|login|密码|登录/i,
];

/** A place by what a text is about, whatever the language: what an embedding model does, in six numbers. */
export function conceptOf(text: string): number[] {
  const found = CONCEPTS.map((concept) => (concept.test(text) ? 1 : 0));
  return [...found, found.some((value) => value > 0) ? 0.1 : 1];
}

/** What `embedConcepts` says of itself. */
export const CONCEPT_EMBEDDER = {
  embedder: "concepts/6@1",
  upstream: "u",
  model: "concepts",
  digest: undefined,
  assurance: "declared",
} as const;

/** The same as a function, where no model server is needed. */
export const embedConcepts: Embed = async (_, texts) => ({
  vectors: texts.map((text) => ({
    embedder: CONCEPT_EMBEDDER.embedder,
    values: Float32Array.from(conceptOf(text)),
  })),
  by: CONCEPT_EMBEDDER,
});

/** A model server that embeds by concepts. `before` may wait, or answer something else by returning true. */
export const embedsConcepts =
  (
    before: (response: Parameters<Behaviour>[0], texts: readonly string[]) => Promise<boolean> | boolean = () => false,
  ): Behaviour =>
  async (response, call) => {
    const texts = textsOf(call);
    if (await before(response, texts)) return;
    sendJson(response, {
      data: texts.map((text, index) => ({ object: "embedding", index, embedding: conceptOf(text) })),
      usage: { prompt_tokens: texts.length, total_tokens: texts.length },
    });
  };
