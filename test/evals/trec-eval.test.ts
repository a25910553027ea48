import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { averagePrecision, ndcgAt, precisionAt, recallAt, reciprocalRankAt } from "../../evals/metrics/ranking.ts";

const FOLDER = join(process.env.EVAL_DATA_DIR ?? "../shared/datasets", "trec-eval-goldens");
const CUTS = [5, 10, 15, 20, 30, 100, 200, 500, 1000];

const rows = (name: string): string[][] =>
  readFileSync(join(FOLDER, name), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.trim().split(/\s+/));

/** By query: what is relevant, with its grade. */
function judgements(name: string): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const [query = "", , document = "", grade] of rows(name)) {
    all.set(query, (all.get(query) ?? new Map()).set(document, Number(grade)));
  }
  return all;
}

/** By query: documents, best first. trec_eval keeps scores in single precision and breaks ties by the larger name. */
function rankings(name: string): Map<string, string[]> {
  const scored = new Map<string, [document: string, score: number][]>();
  for (const [query = "", , document = "", , score] of rows(name)) {
    scored.set(query, [...(scored.get(query) ?? []), [document, Math.fround(Number(score))]]);
  }
  const best = (a: [string, number], b: [string, number]): number => b[1] - a[1] || (a[0] < b[0] ? 1 : -1);
  return new Map([...scored].map(([query, list]) => [query, list.sort(best).map(([document]) => document)]));
}

describe.skipIf(!existsSync(FOLDER))("the ranking metrics reproduce NIST's trec_eval", () => {
  test.each([
    ["qrels.test", "results.test", "out.test.aq"],
    ["qrels.rel_level", "results.test", "out.test.aql"],
  ])("on %s and %s, for each query and on average", (qrels, results, golden) => {
    if (!existsSync(join(FOLDER, golden))) return;
    const judged = judgements(qrels);
    const sums = new Map<string, number>();
    const values = new Map<string, Record<string, number>>();
    for (const [query, ranking] of rankings(results)) {
      const grades = judged.get(query) ?? new Map<string, number>();
      const level = golden.endsWith("l") ? 2 : 1;
      const graded = ranking.map((document) => Math.max(0, grades.get(document) ?? 0));
      const wantedGrades = [...grades.values()].filter((grade) => grade > 0);
      const gains = graded.map((grade) => (grade >= level ? 1 : 0));
      const wanted = wantedGrades.filter((grade) => grade >= level).map(() => 1);
      const own: Record<string, number> = {
        map: averagePrecision(gains, wanted),
        recip_rank: reciprocalRankAt(Number.POSITIVE_INFINITY, gains),
      };
      for (const k of CUTS) {
        own[`P_${k}`] = precisionAt(k, gains);
        own[`recall_${k}`] = recallAt(k, gains, wanted);
        own[`ndcg_cut_${k}`] = ndcgAt(k, graded, wantedGrades);
      }
      values.set(query, own);
      for (const [name, value] of Object.entries(own)) sums.set(name, (sums.get(name) ?? 0) + value);
    }
    values.set("all", Object.fromEntries([...sums].map(([name, sum]) => [name, sum / (values.size || 1)])));
    let compared = 0;
    for (const [name = "", query = "", value] of rows(golden)) {
      const own = values.get(query)?.[name];
      if (own === undefined) continue;
      compared += 1;
      expect(Math.abs(own - Number(value)), `${name} of ${query}: ${own}, not ${value}`).toBeLessThanOrEqual(5.1e-5);
    }
    expect(compared).toBe(values.size * (2 + 3 * CUTS.length));
  });
});
