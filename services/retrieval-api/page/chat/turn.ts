import { type Signal, signal } from "@preact/signals";
import type { ApiFailure } from "../http.ts";
import type { Citation, Feedback, LineageTag, Message } from "../shapes.ts";

/**
 * `waiting` and `streaming` while it is made; `stopped` by the reader; `lost` when the connection broke off; `failed`
 * before anything came.
 */
export type TurnState = "waiting" | "streaming" | "done" | "stopped" | "lost" | "failed";

/** A question and its answer as the page shows them. */
export type Turn = {
  readonly key: string;
  readonly question: string;
  readonly askedAt: string;
  readonly state: TurnState;
  readonly content: string;
  readonly answerId: string | undefined;
  readonly outcome: string | undefined;
  readonly withheld: boolean;
  readonly citations: readonly Citation[] | undefined;
  readonly lineage: LineageTag | undefined;
  readonly feedback: Feedback | undefined;
  readonly failure: ApiFailure | undefined;
};

let lastKey = 0;

export function newTurn(question: string, askedAt: string): Signal<Turn> {
  lastKey += 1;
  return signal<Turn>({
    key: `turn-${lastKey}`,
    question,
    askedAt,
    state: "waiting",
    content: "",
    answerId: undefined,
    outcome: undefined,
    withheld: false,
    citations: undefined,
    lineage: undefined,
    feedback: undefined,
    failure: undefined,
  });
}

/** The turns that a conversation's messages are, oldest first. A half of one at the edge of a page is left out. */
export function turnsOf(messages: readonly Message[]): Signal<Turn>[] {
  const turns: Signal<Turn>[] = [];
  for (const [i, message] of messages.entries()) {
    const answer = messages[i + 1];
    if (message.role !== "user" || answer?.role !== "assistant") continue;
    const turn = newTurn(message.content, message.created_at);
    const { content, outcome, withheld = false, citations, answer_id, feedback } = answer;
    const state = outcome === "aborted" ? "stopped" : outcome === "error" ? "failed" : "done";
    const seen = { content, outcome, withheld, citations, feedback: feedback ?? undefined };
    turn.value = { ...turn.value, ...seen, state, answerId: answer_id };
    turns.push(turn);
  }
  return turns;
}

export const isRunning = ({ state }: Turn): boolean => state === "waiting" || state === "streaming";
