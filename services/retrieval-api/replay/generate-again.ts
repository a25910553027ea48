import type { Release } from "#shared/release.ts";
import { resolveCitations } from "../answer/citations.ts";
import type { Generate } from "../answer/generate.ts";
import { createMarkerFilter } from "../answer/marker-filter.ts";
import type { Message } from "../answer/prompt.ts";
import type { Candidate } from "../retrieval/retrieve.ts";
import type { KeptAnswer } from "./kept-answer.ts";

export type GeneratedAgain = {
  readonly text: string;
  readonly outcome: string;
  readonly model: string | undefined;
};

type Asked = {
  readonly kept: KeptAnswer;
  readonly prompt: readonly Message[];
  /** The passages of the prompt, or how many it has where they are not at hand. */
  readonly evidence: readonly Candidate[] | number;
  readonly release: Release;
  readonly withoutModels: ReadonlySet<string>;
};

/** Asks the model again, with the settings of the answer, and treats what it says as an answer's text is treated. */
export async function generateAgain(
  generate: Generate,
  { kept, prompt, evidence, release, withoutModels }: Asked,
  signal: AbortSignal,
): Promise<GeneratedAgain> {
  const { temperature, max_tokens } = release.generation;
  const settings = { model: release.models.chat, temperature, max_tokens, ...kept.sampling };
  const markers = createMarkerFilter(typeof evidence === "number" ? evidence : evidence.length);
  const caller = { tenant: kept.tenant, conversationId: kept.conversationId, withoutModels };
  let [text, finishReason]: [string, string] = ["", "stop"];
  let model: string | undefined;
  for await (const event of generate(prompt, settings, caller, signal)) {
    if (event.type === "model") model = event.servedBy.model;
    if (event.type === "text-delta") text += markers.push(event.text).text;
    if (event.type === "end") {
      text += markers.end().text;
      finishReason = event.finishReason;
    }
  }
  return { text, outcome: outcomeOf(text, evidence, finishReason, kept.outcome), model };
}

/** Without the passages at hand nothing new can be said about citations: equal text has the outcome that it had. */
function outcomeOf(text: string, evidence: Asked["evidence"], finishReason: string, then: string): string {
  if (finishReason === "content_filter") return "refused";
  if (typeof evidence === "number") return then;
  const citations = resolveCitations(text, evidence);
  const whole = finishReason === "stop" && citations.length > 0 && citations.every(({ verified }) => verified);
  return whole ? "answered" : "partial";
}
