import type { Language } from "#shared/language.ts";

/** What the server said to one question, by the names of documents and not by ids, which differ from run to run. */
export type Observation = {
  readonly results?: readonly Found[];
  readonly answer?: Answer;
  /** The request failed, after retries. */
  readonly error?: { readonly code: string; readonly message: string };
};

/** A passage that the search found, best first. */
export type Found = {
  readonly document: string;
  readonly start: number;
  readonly end: number;
  readonly language: Language;
  /** The first hex digits of its text's sha256: equal ones are the same text. */
  readonly digest: string;
};

export type Answer = {
  readonly text: string;
  readonly outcome: string;
  readonly citations: readonly Cited[];
  /** What the model was given, by name. */
  readonly sources: readonly string[];
  readonly models: readonly string[];
  /** How much of the question the evidence speaks of, from the record; absent when it was not read. */
  readonly support?: number;
};

export type Cited = {
  readonly marker: number;
  readonly answer: { readonly start: number; readonly end: number };
  readonly verified: boolean;
  readonly document: string;
  readonly start: number;
  readonly end: number;
  readonly quote: string;
  /** Whether the document has exactly these words there. */
  readonly verbatim: boolean;
};

/** What differs between two runs of the same thing. */
export type Timing = {
  readonly id: string;
  /** The answer's id on the server, for its lineage. */
  readonly answerId?: string;
  readonly searchMs?: number;
  readonly firstDeltaMs?: number;
  readonly chatMs?: number;
  readonly retries: number;
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
};
