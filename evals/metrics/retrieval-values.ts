import type { Found } from "../observation.ts";
import type { Gold, Question } from "../suite-data.ts";
import { averagePrecision, ndcgAt, precisionAt, recallAt, reciprocalRankAt } from "./ranking.ts";
import type { Values } from "./registry.ts";
import { coveredBy, overlaps } from "./spans.ts";

export type Relevance = "span" | "document";

/** What the ranking of passages is worth. Nothing where the question has no gold evidence. */
export function retrievalValues(question: Question, results: readonly Found[], relevance: Relevance): Values {
  const ten = results.slice(0, 10);
  const general: Values =
    ten.length === 0
      ? {}
      : {
          "duplicates@10":
            ten.filter((one, i) => ten.slice(0, i).some((earlier) => repeats(one, earlier))).length / ten.length,
          "same_language@10": ten.filter(({ language }) => language === question.language).length / ten.length,
        };
  const groups = groupsOf(question.gold);
  if (groups.length === 0) return general;
  const { gains, wanted } = relevance === "document" ? byDocument(question.gold, results) : bySpan(groups, results);
  const five = results.slice(0, 5);
  const holdsGold = five.map((one) => (question.gold.some((gold) => overlaps(gold, one)) ? 1 : 0));
  return {
    ...general,
    "ndcg@10": ndcgAt(10, gains, wanted),
    "recall@5": recallAt(5, gains, wanted),
    "recall@10": recallAt(10, gains, wanted),
    "recall@20": recallAt(20, gains, wanted),
    "mrr@10": reciprocalRankAt(10, gains),
    map: averagePrecision(gains, wanted),
    "hit@5": Math.max(0, ...gains.slice(0, 5)),
    "span_recall@5": mean(groups.map((group) => Math.max(...group.map((gold) => coveredBy(gold, five))))),
    "context_precision@5": precisionAt(5, holdsGold),
  };
}

/** Entries of one group, and all without one, are alternatives. */
export function groupsOf(gold: readonly Gold[]): Gold[][] {
  return [...Map.groupBy(gold, ({ group = "" }) => group).values()];
}

/** The ranking of distinct documents, as retrieval sets judge it. */
function byDocument(gold: readonly Gold[], results: readonly Found[]) {
  const wanted = new Set(gold.map(({ document }) => document));
  const ranked = [...new Set(results.map(({ document }) => document))];
  return { gains: ranked.map((document) => (wanted.has(document) ? 1 : 0)), wanted: [...wanted].map(() => 1) };
}

/** Evidence counts where it is found first; a passage that holds two pieces of it fills two ranks. */
function bySpan(groups: readonly Gold[][], results: readonly Found[]) {
  const left = new Set(groups);
  const gains = results.flatMap((one) => {
    const found = [...left].filter((group) => group.some((gold) => overlaps(gold, one)));
    for (const group of found) left.delete(group);
    return found.length > 0 ? found.map(() => 1) : [0];
  });
  return { gains, wanted: groups.map(() => 1) };
}

const repeats = (one: Found, earlier: Found): boolean => one.digest === earlier.digest || overlaps(one, earlier);

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length;
