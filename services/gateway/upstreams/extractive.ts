import { setImmediate } from "node:timers/promises";
import { AppError } from "#shared/errors.ts";
import { composeAnswer, declineToAnswer } from "../extractive/compose-answer.ts";
import { parseEvidence } from "../extractive/parse-evidence.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type { ChatRequest, FinishReason, Upstream } from "./upstream.ts";

/** A word with the space after it, or up to four Chinese characters. */
const PIECE = /[\u3000-\u9fff\uff00-\uffef]{1,4}\s*|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+/g;

/**
 * The embedded model. It reads the prompt that any other model gets and answers with sentences of the evidence, word
 * for word, each cited. It needs no key, no GPU and no network, and cannot state what no document says.
 */
export function extractiveUpstream(): Upstream {
  return {
    name: "extractive",
    model: "cairn-extractive",
    async *complete(request, signal) {
      const { text, finishReason } = limited(answerOf(request), request);
      for (const [piece] of text.matchAll(PIECE)) {
        // Lets the abort of a client that left be heard between the pieces.
        await setImmediate();
        if (signal.aborted) throw new AppError("unavailable", "The caller left before the answer was complete.");
        yield { type: "text-delta", text: piece };
      }
      const prompt_tokens = request.messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
      yield {
        type: "end",
        finishReason,
        usage: { prompt_tokens, completion_tokens: estimateTokens(text), estimated: true },
      };
    },
  };
}

function answerOf({ messages }: ChatRequest): string {
  const message = messages.findLast(({ role }) => role === "user")?.content ?? "";
  const prompt = parseEvidence(message);
  if (!prompt) return declineToAnswer(message, false);
  return composeAnswer(prompt) ?? declineToAnswer(prompt.question, true);
}

function limited(answer: string, { stop = [], maxTokens }: ChatRequest): { text: string; finishReason: FinishReason } {
  const ends = stop.map((sequence) => answer.indexOf(sequence)).filter((at) => at >= 0);
  const stopped = answer.slice(0, Math.min(answer.length, ...ends));
  if (maxTokens === undefined || estimateTokens(stopped) <= maxTokens) return { text: stopped, finishReason: "stop" };
  let text = "";
  for (const [piece] of stopped.matchAll(PIECE)) {
    if (estimateTokens(text + piece) > maxTokens) break;
    text += piece;
  }
  return { text, finishReason: "length" };
}
