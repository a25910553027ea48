import { AppError } from "#shared/errors.ts";
import type { Completion, FinishReason, Usage } from "./upstream.ts";

const MAX_TOKENS = 100_000_000;
/** vLLM and SGLang say `abort` of a request that they dropped, others `error`: no reader may take that for an end. */
const BROKEN_OFF = /^(abort(ed)?|cancell?ed|error)$/;

export type Chunk = {
  readonly text: string;
  /** The model is at work, even where the chunk has no text for the reader (reasoning). */
  readonly active: boolean;
  readonly finishReason: FinishReason | undefined;
  readonly usage: Usage | undefined;
};

/** What may be in it. By hand and not by schema: this runs for every token. */
type Loose = {
  error?: unknown;
  choices?: Choice[] | null;
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null;
};
type Choice = {
  delta?: Delta | null;
  message?: { content?: unknown } | null;
  /** Of the older completions, whole or in pieces. */
  text?: unknown;
  finish_reason?: unknown;
};
type Delta = { content?: unknown; reasoning_content?: unknown; reasoning?: unknown };

/** One `data` of an OpenAI stream. Throws `upstream_failed` on anything that is not a chunk. */
export function parseChunk(data: string): Chunk {
  const chunk = objectOf(data);
  const choice = chunk.choices?.[0];
  const delta = choice?.delta;
  const content = delta?.content ?? choice?.text ?? "";
  if (typeof content !== "string" || (chunk.choices != null && !Array.isArray(chunk.choices))) throw strange();
  return {
    text: content,
    active: content !== "" || isText(delta?.reasoning_content) || isText(delta?.reasoning),
    finishReason: finishReasonOf(choice?.finish_reason),
    usage: usageOf(chunk),
  };
}

/** A whole answer. `usage` is missing where the server gave none that can be used. */
export function parseCompletion(json: string): Omit<Completion, "usage"> & { readonly usage: Usage | undefined } {
  const completion = objectOf(json);
  const choice = completion.choices?.[0];
  const content = choice?.message?.content ?? choice?.text ?? "";
  if (!choice || typeof content !== "string") throw strange();
  return { text: content, finishReason: finishReasonOf(choice.finish_reason) ?? "stop", usage: usageOf(completion) };
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("upstream_failed", "The model server sent invalid JSON.", { cause: error });
  }
}

function objectOf(text: string): Loose {
  const value = jsonOf(text);
  if (typeof value !== "object" || value === null) throw strange();
  const loose = value as Loose;
  if (loose.error != null) throw new AppError("upstream_failed", "The model server reported a failure in mid-answer.");
  return loose;
}

function usageOf({ usage }: Loose): Usage | undefined {
  if (!isCount(usage?.prompt_tokens) || !isCount(usage.completion_tokens)) return undefined;
  return { prompt_tokens: usage.prompt_tokens, completion_tokens: usage.completion_tokens, estimated: false };
}

function finishReasonOf(reason: unknown): FinishReason | undefined {
  if (typeof reason !== "string" || reason === "") return undefined;
  if (BROKEN_OFF.test(reason)) throw new AppError("upstream_failed", "The model server broke its answer off.");
  return reason === "length" || reason === "content_filter" ? reason : "stop";
}

const strange = (): AppError =>
  new AppError("upstream_failed", "The model server sent something that is not a chat answer.");
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKENS;
