import type { Principal } from "#shared/principal.ts";
import type { Candidate, Retrieved } from "../retrieval/retrieve.ts";
import type { ServedBy, Usage } from "./generate.ts";
import type { Message } from "./prompt.ts";

export const OUTCOMES = ["answered", "partial", "no_evidence", "refused", "aborted", "error"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Sampling = {
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly seed?: number;
  readonly stop?: string | readonly string[];
};

export type Question = {
  /** The answer's id, given before anything happens so that a failure can name it too. */
  readonly id: string;
  readonly principal: Principal;
  readonly question: string;
  /** Earlier turns, oldest first. */
  readonly history: readonly Message[];
  readonly conversationId: string;
  /** The place in the conversation that this turn takes, instead of what is kept from there on. */
  readonly replacesFrom?: number | undefined;
  readonly collections: readonly string[] | undefined;
  readonly evidenceLimit: number;
  readonly sampling: Sampling;
  /** Whether deltas reach the client as they come: decides what an abort has sent. */
  readonly streaming: boolean;
};

/** What becomes known of an answer while it is made. Its lineage is written from it, however it ends. */
export type Draft = {
  readonly asked: Question;
  readonly startedAt: number;
  standalone: string;
  retrieved: Retrieved | undefined;
  evidence: readonly Candidate[];
  support: number;
  prompt: readonly Message[] | undefined;
  model: ServedBy | undefined;
  usage: Usage | undefined;
  finishReason: string | undefined;
  removedMarkers: number;
  /** Exactly the text that the client has been sent. */
  sent: string;
  outcome: Outcome | undefined;
};

/** The draft of an answer of which nothing is known yet but the question. */
export function newDraft(asked: Question, startedAt: number): Draft {
  return {
    asked,
    startedAt,
    standalone: asked.question,
    retrieved: undefined,
    evidence: [],
    support: 0,
    prompt: undefined,
    model: undefined,
    usage: undefined,
    finishReason: undefined,
    removedMarkers: 0,
    sent: "",
    outcome: undefined,
  };
}
