import type { SearchScope } from "#shared/principal.ts";
import type { Release } from "#shared/release.ts";
import { fitEvidence } from "../retrieval/fit-evidence.ts";
import type { Candidate, Retrieve, Retrieved } from "../retrieval/retrieve.ts";
import { supportFor } from "./evidence-check.ts";
import { type Message, renderPrompt } from "./prompt.ts";

/** What is asked, understandable alone, with the turns before it and how much evidence may be given. */
export type Standalone = {
  readonly standalone: string;
  readonly history: readonly Message[];
  readonly evidenceLimit: number;
};
export type Prepared = {
  readonly retrieved: Retrieved;
  readonly support: number;
  /** Empty when it is not enough to ask a model. */
  readonly evidence: readonly Candidate[];
  readonly prompt: readonly Message[] | undefined;
};

/** From a question to a prompt: search, evidence check, rendering. An answer and its replay go through the same. */
export async function prepare(
  { standalone, history, evidenceLimit }: Standalone,
  scope: SearchScope,
  release: Release,
  retrieve: Retrieve,
  signal: AbortSignal,
): Promise<Prepared> {
  const retrieved = await retrieve(standalone, scope, release.retrieval.candidates, signal);
  const { candidates, readings } = retrieved;
  const support = supportFor(standalone, readings, release.ranking.support);
  const evidence = fitEvidence(candidates, evidenceLimit, release.retrieval);
  if (evidence.length === 0 || support < release.thresholds.support) {
    return { retrieved, support, evidence: [], prompt: undefined };
  }
  return { retrieved, support, evidence, prompt: renderPrompt(release.instructions, history, evidence, standalone) };
}
