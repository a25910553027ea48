import { setImmediate } from "node:timers/promises";
import { AppError } from "#shared/errors.ts";
import { composeAnswer, declineToAnswer } from "../extractive/compose-answer.ts";
import { parseEvidence } from "../extractive/parse-evidence.ts";
import { estimateTokens, estimateUsage } from "./estimate-tokens.ts";
import type { ChatDelta, ChatRequest, Completion, Upstream } from "./upstream.ts";

/** A word with the space after it, or up to four Chinese characters. */
const PIECE = /[\u3000-\u9fff\uff00-\uffef]{1,4}\s*|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+/g;

/**
 * The embedded model. It reads the prompt that any other model gets and answers with sentences of the evidence, word
 * for word, each cited. It needs no key, no GPU and no network, and cannot state what no document says.
 */
export function extractiveUpstream(name = "extractive", codeDigest?: string): Upstream {
  return {
    name,
    model: "cairn-extractive",
    identity: codeDigest === undefined ? undefined : { digest: codeDigest, assurance: "attested" },
    async complete(request) {
      return answerTo(request);
    },
    async stream(request, signal) {
      return deltasOf(answerTo(request), signal);
    },
    post: () => Promise.reject(new AppError("unavailable", "The extractive model only answers chats.")),
    ping: async () => {},
    close: async () => {},
  };
}

async function* deltasOf(
  { text, finishReason, usage }: Completion,
  signal: AbortSignal,
): AsyncGenerator<ChatDelta, void> {
  for (const [piece] of text.matchAll(PIECE)) {
    // Lets the abort of a client that left be heard between the pieces.
    await setImmediate();
    if (signal.aborted) throw new AppError("unavailable", "The caller left before the answer was complete.");
    yield { type: "text-delta", text: piece };
  }
  yield { type: "end", finishReason, usage };
}

function answerTo(request: ChatRequest): Completion {
  const limit = limited(composed(request), request);
  return { ...limit, usage: estimateUsage(request, estimateTokens(limit.text)) };
}

function composed({ messages }: ChatRequest): string {
  const message = messages.findLast(({ role }) => role === "user")?.content ?? "";
  const prompt = parseEvidence(message);
  if (!prompt) return declineToAnswer(message, false);
  return composeAnswer(prompt) ?? declineToAnswer(prompt.question, true);
}

function limited(answer: string, { stop = [], maxTokens }: ChatRequest): Omit<Completion, "usage"> {
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
