import type { Citation } from "../answer/citations.ts";
import type { Draft, Outcome } from "../answer/draft.ts";

/**
 * `answered` when every citation is borne out by its source; `partial` when one is not, when there is none, when a
 * sentence has none and no evidence either, or when the model had to stop early.
 */
export function outcomeOf(draft: Draft, citations: readonly Citation[], isPartlyUnsupported: boolean): Outcome {
  if (draft.outcome) return draft.outcome;
  if (draft.finishReason === "content_filter") return "refused";
  const whole =
    draft.finishReason === "stop" &&
    !isPartlyUnsupported &&
    citations.length > 0 &&
    citations.every(({ verified }) => verified);
  return whole ? "answered" : "partial";
}
