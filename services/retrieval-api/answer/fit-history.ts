import { estimateTokens } from "../retrieval/fit-evidence.ts";
import type { Message } from "./prompt.ts";

/** Rough tokens of earlier turns that a model is given beside the evidence. */
const MAX_HISTORY_TOKENS = 3000;

export type FittedHistory = {
  /** Starts with the user, alternates and ends with the assistant, as chat templates demand. */
  readonly turns: readonly Message[];
  /** The last questions whose answers are not given, oldest first. */
  readonly unanswered: readonly string[];
};

/** The newest messages that fit the budget; whole ones only, so that a model reads no half sentence. */
export function fitHistory(history: readonly Message[]): FittedHistory {
  let tokens = 0;
  const tooOld = history.findLastIndex(({ content }) => {
    tokens += estimateTokens(content);
    return tokens > MAX_HISTORY_TOKENS;
  });
  const fitting = history.slice(tooOld + 1);
  const answered = fitting.findLastIndex(({ role }) => role === "assistant") + 1;
  const turns: Message[] = [];
  for (const { role, content } of fitting.slice(0, answered)) {
    const last = turns.at(-1);
    if (last?.role === role) turns.splice(-1, 1, { role, content: `${last.content}\n\n${content}` });
    else if (last || role === "user") turns.push({ role, content });
  }
  return { turns, unanswered: fitting.slice(answered).map(({ content }) => content) };
}
