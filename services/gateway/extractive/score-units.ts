import type { QuestionKind } from "#shared/question-kind.ts";
import { isInstruction } from "./is-instruction.ts";
import type { Unit } from "./split-units.ts";
import { type ReadUnit, readUnits } from "./unit-features.ts";
import learned from "./unit-weights.json" with { type: "json" };

const WEIGHTS: Readonly<Record<string, number>> = learned.weights;

export type Scored = ReadUnit & {
  /** How likely it is to answer, as a share of the likeliest: 1 for the best. */
  readonly score: number;
};

/**
 * Ranks units by how likely they are to answer, best first: a linear model of what `readUnits` says of each, learned
 * with `npm run bench -- train-units` (softmax over the units of a prompt; Cao et al., ListNet, 2007).
 */
export function scoreUnits(question: string, kind: QuestionKind, units: readonly Unit[]): Scored[] {
  const read = readUnits(question, kind, units).filter(
    ({ unit, features }) => features.echo === 0 && !isInstruction(unit.text),
  );
  const logits = read.map(({ features }) =>
    Object.entries(features).reduce((sum, [name, value]) => sum + value * (WEIGHTS[name] ?? 0), 0),
  );
  const highest = Math.max(...logits);
  return read.map((one, i) => ({ ...one, score: Math.exp(logits[i]! - highest) })).sort((a, b) => b.score - a.score);
}
