import { z } from "zod";
import { AppError } from "#shared/errors.ts";
import type { FinishReason, Usage } from "./upstream.ts";

const count = z.int().min(0).max(100_000_000);

const usageSchema = z.object({ prompt_tokens: count, completion_tokens: count });

/** Loose on purpose: servers add fields, and send `null` where OpenAI's documentation has none. */
const chunkSchema = z.object({
  error: z.unknown().optional(),
  choices: z
    .array(
      z.object({
        delta: z.looseObject({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z.unknown().optional(),
});

export type Chunk = {
  readonly text: string;
  /** The model is at work, even where the chunk has no text for the reader (reasoning). */
  readonly active: boolean;
  readonly finishReason: FinishReason | undefined;
  readonly usage: Usage | undefined;
};

/** One `data` of an OpenAI stream. Throws `upstream_failed` on anything that is not a chunk. */
export function parseChunk(data: string): Chunk {
  const parsed = chunkSchema.safeParse(jsonOf(data));
  if (!parsed.success)
    throw new AppError("upstream_failed", "The model server sent something that is not a chat chunk.");
  if (parsed.data.error != null)
    throw new AppError("upstream_failed", "The model server reported a failure in mid-answer.");
  const choice = parsed.data.choices?.[0];
  const usage = usageSchema.safeParse(parsed.data.usage);
  const reasoning = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning;
  const text = choice?.delta?.content ?? "";
  return {
    text,
    active: text !== "" || (typeof reasoning === "string" && reasoning !== ""),
    finishReason: finishReasonOf(choice?.finish_reason),
    usage: usage.success ? { ...usage.data, estimated: false } : undefined,
  };
}

function jsonOf(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    throw new AppError("upstream_failed", "The model server sent invalid JSON.", { cause: error });
  }
}

function finishReasonOf(reason: string | null | undefined): FinishReason | undefined {
  if (!reason) return undefined;
  return reason === "length" || reason === "content_filter" ? reason : "stop";
}
