import type { ChatRequest, Usage } from "./upstream.ts";

const CJK = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]/g;
const LATIN_CHARACTERS_A_TOKEN = 4;

/** A guess without a tokenizer: one token for a CJK character, one for four others. Good to about a quarter. */
export function estimateTokens(text: string): number {
  return tokensOf(text.length, wideCharacters(text));
}

/** The same for a text that comes in pieces and is not kept. */
export const tokensOf = (characters: number, wide: number): number =>
  wide + Math.ceil((characters - wide) / LATIN_CHARACTERS_A_TOKEN);

export const wideCharacters = (text: string): number => text.match(CJK)?.length ?? 0;

/** What an answer will have cost, when its server does not say. */
export function estimateUsage({ messages }: ChatRequest, completion_tokens: number): Usage {
  const prompt_tokens = messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
  return { prompt_tokens, completion_tokens, estimated: true };
}
