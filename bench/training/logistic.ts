import { type Features, type Optimised, optimise } from "./optimise.ts";

export type Case = { readonly features: Features; readonly holds: boolean; readonly weight: number };

/** Bias and weights under which the logistic of a case says how likely it holds. Deterministic. */
export function learnLogistic(cases: readonly Case[], rounds = 200): Optimised {
  return optimise(cases, rounds, ({ features, holds, weight }, score, push) => {
    push(features, weight * (1 / (1 + Math.exp(-score(features))) - (holds ? 1 : 0)));
  });
}
