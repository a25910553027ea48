import { scopeOf } from "#shared/principal.ts";
import type { Release } from "#shared/release.ts";
import { outcomeOf } from "../lineage/outcome.ts";
import { type CheckParts, withdrawnModel } from "../recall/withdrawn-parts.ts";
import type { Retrieve } from "../retrieval/retrieve.ts";
import { attribute } from "./attribute.ts";
import { type Citation, resolveCitations } from "./citations.ts";
import { type Draft, newDraft, type Outcome, type Question } from "./draft.ts";
import type { Generate, Usage } from "./generate.ts";
import { createMarkerFilter } from "./marker-filter.ts";
import { prepare } from "./prepare.ts";
import { noEvidenceText } from "./refusal.ts";
import { standaloneQuestion } from "./standalone.ts";

/** The answer as it was kept: what the last event of a stream tells. */
export type Saved = { readonly outcome: Outcome; readonly citations: readonly Citation[]; readonly tag: object };

export type AnswerEvent =
  | { readonly type: "text-delta"; readonly text: string }
  | ({ readonly type: "end"; readonly finishReason: string; readonly usage: Usage } & Saved);

export type AnswerDeps = {
  readonly release: Release;
  readonly retrieve: Retrieve;
  readonly generate: Generate;
  /** Which models must not answer this tenant now. Rejects when nothing may. */
  readonly checkParts: CheckParts;
  /** Hears of every answer that ended, before it is kept: one without a record shows as a difference of two counters. */
  readonly onEnd: (outcome: Outcome) => void;
  /** Keeps answer, dependencies, record and log leaf in one transaction. Resolves to the public tag. */
  readonly save: (draft: Draft, outcome: Outcome, citations: readonly Citation[]) => Promise<object>;
  readonly now: () => number;
};

const NO_USAGE: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

/**
 * A question's way, and its lineage whichever way it ends: answered, refused, failed or left. A delta counts as sent
 * when the next event is asked for, because that is when the socket has taken it.
 */
export async function* answer(
  asked: Question,
  deps: AnswerDeps,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent, void> {
  const draft = newDraft(asked, deps.now());
  let saved: Saved;
  try {
    for await (const text of compose(draft, deps, signal)) {
      yield { type: "text-delta", text };
      draft.sent += text;
    }
    signal.throwIfAborted();
  } catch (error) {
    draft.outcome = signal.aborted ? "aborted" : "error";
    throw error;
  } finally {
    // Without an end the reader has left at a `yield`, whatever the answer was going to be.
    if (draft.finishReason === undefined && draft.outcome !== "error") draft.outcome = "aborted";
    if (!asked.streaming && (draft.outcome === "aborted" || draft.outcome === "error")) draft.sent = "";
    const { outcome, citations } = settle(draft, deps);
    saved = { outcome, citations, tag: await deps.save(draft, outcome, citations) };
  }
  yield { type: "end", finishReason: draft.finishReason ?? "stop", usage: draft.usage ?? NO_USAGE, ...saved };
}

function settle(draft: Draft, deps: AnswerDeps): Omit<Saved, "tag"> {
  let outcome: Outcome = "error";
  try {
    const marked = resolveCitations(draft.sent, draft.evidence);
    const rest = attribute(draft.sent, draft.evidence, marked);
    const citations = [...marked, ...rest.citations];
    outcome = outcomeOf(draft, citations, rest.isPartlyUnsupported);
    return { outcome, citations };
  } finally {
    deps.onEnd(outcome);
  }
}

/** Search, check, prompt, generate: the text of the answer as it comes. */
async function* compose(draft: Draft, deps: AnswerDeps, signal: AbortSignal): AsyncGenerator<string, void> {
  const { asked } = draft;
  const { release, retrieve, generate } = deps;
  const earlier = asked.history.filter(({ role }) => role === "user").map(({ content }) => content);
  draft.standalone = standaloneQuestion(asked.question, earlier);
  const withoutModels = await deps.checkParts(asked.principal.tenant);

  const scope = scopeOf(asked.principal, asked.collections);
  const prepared = await prepare({ ...asked, standalone: draft.standalone }, scope, release, retrieve, signal);
  Object.assign(draft, prepared);
  if (!prepared.prompt) {
    draft.outcome = "no_evidence";
    yield noEvidenceText(asked.question);
    draft.finishReason = "stop";
    return;
  }

  const { temperature, max_tokens } = release.generation;
  const settings = { model: release.models.chat, temperature, max_tokens, ...asked.sampling };
  const markers = createMarkerFilter(draft.evidence.length);
  const caller = { tenant: asked.principal.tenant, conversationId: asked.conversationId, withoutModels };
  for await (const event of generate(prepared.prompt, settings, caller, signal)) {
    switch (event.type) {
      case "model": {
        // The gateway was told; a gateway that does not listen must not decide.
        if (withoutModels.has(event.servedBy.model)) throw withdrawnModel();
        draft.model = event.servedBy;
        break;
      }
      case "text-delta": {
        const { text, removed } = markers.push(event.text);
        draft.removedMarkers += removed;
        if (text !== "") yield text;
        break;
      }
      case "end": {
        const { text, removed } = markers.end();
        draft.removedMarkers += removed;
        draft.usage = event.usage;
        if (text !== "") yield text;
        draft.finishReason = event.finishReason;
      }
    }
  }
}
