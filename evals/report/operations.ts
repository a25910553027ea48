import type { Timing } from "../observation.ts";
import type { SuiteTimings } from "../results.ts";

export type Operations = {
  readonly name: string;
  readonly requests: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
};

/** Latencies of a suite's requests, in ms, by what was asked. */
export function operationsOf({ questions }: SuiteTimings): Operations[] {
  const kinds = [
    ["search", (timing: Timing) => timing.searchMs],
    ["first words", (timing: Timing) => timing.firstDeltaMs],
    ["answer", (timing: Timing) => timing.chatMs],
  ] as const;
  return kinds.flatMap(([name, of]) => {
    const sorted = questions.flatMap((timing) => of(timing) ?? []).sort((a, b) => a - b);
    if (sorted.length === 0) return [];
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
    return [{ name, requests: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) }];
  });
}

/** Tokens, retries and cost of a suite. */
export function consumptionOf({ cost, questions }: SuiteTimings) {
  const sum = (of: (timing: Timing) => number | undefined): number =>
    questions.reduce((total, timing) => total + (of(timing) ?? 0), 0);
  return {
    promptTokens: sum(({ usage }) => usage?.prompt_tokens),
    completionTokens: sum(({ usage }) => usage?.completion_tokens),
    retries: sum(({ retries }) => retries),
    /** In the currency of the gateway's prices; "unknown" where the server does not say. */
    cost: cost === undefined ? "unknown" : cost.toFixed(2),
  };
}
