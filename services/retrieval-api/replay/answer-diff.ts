import { codePointLength } from "#shared/codepoints.ts";

/** Words, numbers, single Han characters, marks and spaces: what a model's own tokens are about as large as. */
const TOKEN = /\p{Script=Han}|[\p{L}\p{M}\p{N}_]+|\s+|[^\p{L}\p{M}\p{N}_\s]/gu;
const CONTEXT_TOKENS = 12;

export type AnswerDiff = {
  readonly verdict: "exact" | "prefix" | "diverged";
  readonly tokens_then: number;
  readonly tokens_now: number;
  /** The first token that differs, counted from 1, with what follows it on both sides; `null` when none does. */
  readonly first_difference: {
    readonly token: number;
    /** In code points of the answer. */
    readonly at: number;
    readonly was: string;
    readonly is: string;
  } | null;
};

/**
 * Compares two texts of one prompt. `prefix`: one is how the other begins, as an answer that was cut off is. Chance and
 * batching make a model's text differ even at temperature 0, so this says where and promises nothing.
 */
export function diffAnswers(then: string, now: string): AnswerDiff {
  const [before, after] = [tokensOf(then), tokensOf(now)];
  const counts = { tokens_then: before.length, tokens_now: after.length };
  if (then === now) return { verdict: "exact", ...counts, first_difference: null };
  let same = 0;
  while (same < before.length && same < after.length && before[same] === after[same]) same += 1;
  const cut = same === before.length || same === after.length;
  const first_difference = {
    token: same + 1,
    at: codePointLength(before.slice(0, same).join("")),
    was: before.slice(same, same + CONTEXT_TOKENS).join(""),
    is: after.slice(same, same + CONTEXT_TOKENS).join(""),
  };
  return { verdict: cut ? "prefix" : "diverged", ...counts, first_difference };
}

const tokensOf = (text: string): string[] => text.match(TOKEN) ?? [];
