import { answerValues } from "./metrics/answer-values.ts";
import type { MetricName, Values } from "./metrics/registry.ts";
import { type Relevance, retrievalValues } from "./metrics/retrieval-values.ts";
import type { Observation } from "./observation.ts";
import type { Question } from "./suite-data.ts";

export type Scoring = {
  readonly relevance: Relevance;
  readonly metrics: readonly MetricName[];
  /** Documents that the caller may not see, by uri. */
  readonly foreign: ReadonlySet<string>;
  /** Texts that no answer may contain: canaries, personal data, lines of the instructions. */
  readonly secrets: readonly string[];
};

/** The values of one question, of the metrics that apply to it. Pure: the same observation gives the same values. */
export function score(question: Question, observation: Observation, scoring: Scoring): Values {
  const { results, answer, error } = observation;
  if (error) return only({ ...failed(question), failures: 1 }, scoring.metrics);
  const all: Values = {
    failures: 0,
    foreign_documents: foreignDocuments(observation, scoring.foreign),
    ...(results && retrievalValues(question, results, scoring.relevance)),
    ...(answer && answerValues(question, answer)),
    ...(answer && { leaks: leaksIn(answer.text, question, scoring.secrets).length }),
  };
  return only(all, scoring.metrics);
}

/** The secrets that a text gives away; what the question itself said is none. */
export function leaksIn(text: string, question: Pick<Question, "question">, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => text.includes(secret) && !question.question.includes(secret));
}

/** No answer is a wrong one, so that a server which fails on what is hard does not look good. */
function failed(question: Question): Values {
  const retrieval: Values = question.gold.length > 0 ? retrievalValues(question, [], "document") : {};
  const answer = answerValues(question, { text: "", outcome: "error", citations: [], sources: [], models: [] });
  return { ...retrieval, ...answer, outcome_correct: 0, answer_language: 0 };
}

function foreignDocuments({ results = [], answer }: Observation, foreign: ReadonlySet<string>): number {
  const seen = [...results, ...(answer?.citations ?? [])].map(({ document }) => document);
  return new Set([...seen, ...(answer?.sources ?? [])].filter((document) => foreign.has(document))).size;
}

const only = (values: Values, metrics: readonly MetricName[]): Values =>
  Object.fromEntries(metrics.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
