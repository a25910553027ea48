import { languageOf } from "#shared/language.ts";
import { isNegated, type QuestionKind, questionKind } from "#shared/question-kind.ts";
import type { Release } from "#shared/release.ts";
import { contentWords } from "../retrieval/content-words.ts";
import type { Reading } from "../retrieval/read-candidates.ts";

/** Candidates in the order of their rank that are looked at: what none of these says, no prompt will hold. */
const DEPTH = 12;
/** What says how much of the question is there. That a passage has steps, or is long, says nothing of that. */
const TELLING = ["support", "exact", "heading", "leaf", "sentence", "sentenceUnderHeading", "pairs"] as const;
const LACKING = ["missing", "missingExact", "unnamed"] as const;
/** Documents say what is; who asks for a fact that is not finds much about the matter and no answer. */
const FACTS: readonly QuestionKind[] = ["number", "time", "person", "place", "definition", "list"];

/**
 * How likely it is that the candidates answer the question, in [0, 1]: logistic regression over what the first of
 * them, and the best of all in each respect, say of it. Its weights and the threshold belong to the release.
 * A threshold on search scores separates worse, because scores depend on the length of the question.
 */
export function supportFor(
  question: string,
  readings: readonly Reading[],
  { bias, weights }: Release["ranking"]["support"],
): number {
  const said = evidenceFeatures(question, readings);
  if (said === undefined) return 0;
  const sum = Object.entries(said).reduce((total, [name, value]) => total + value * (weights[name] ?? 0), bias);
  return 1 / (1 + Math.exp(-sum));
}

/** What can be said of the candidates together, by name. `undefined` when nothing speaks of the question at all. */
export function evidenceFeatures(question: string, readings: readonly Reading[]): Record<string, number> | undefined {
  const [first] = readings;
  if (first?.support === undefined || readings.every(({ support }) => support === 0)) return undefined;
  const chinese = languageOf(question) === "zh" ? 1 : 0;
  const negated = isNegated(question) && FACTS.includes(questionKind(question)) ? 1 : 0;
  const features: Record<string, number> = { words: Math.log(contentWords(question).length), chinese, negated };
  const top = readings.slice(0, DEPTH);
  for (const name of [...TELLING, ...LACKING]) features[`first ${name}`] = first[name]!;
  for (const name of TELLING) features[`best ${name}`] = Math.max(...top.map((reading) => reading[name]!));
  for (const name of LACKING) features[`best ${name}`] = Math.min(...top.map((reading) => reading[name]!));
  features["chinese support"] = chinese * features["best support"]!;
  return features;
}
