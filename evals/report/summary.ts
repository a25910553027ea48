import type { Language } from "#shared/language.ts";
import type { Baseline } from "../gate/baseline.ts";
import { figureOf } from "../gate/gates.ts";
import { METRIC_NAMES, type MetricName } from "../metrics/registry.ts";
import type { RunSuite } from "../results.ts";

export type Figure = { readonly value: number; readonly before: number | undefined; readonly count: number };
export type SummaryRow = { readonly metric: MetricName; readonly figures: ReadonlyMap<Language, Figure> };

/** The languages of a suite, in order. */
export const languagesOf = ({ questions }: RunSuite): Language[] =>
  [...new Set(questions.map(({ language }) => language))].sort();

/** A suite's figures by metric and language, beside those of before where the same questions have them. */
export function summaryOf(suite: RunSuite, baseline: Baseline | undefined): SummaryRow[] {
  return METRIC_NAMES.flatMap((metric): SummaryRow[] => {
    const rows = suite.questions.flatMap((question) => {
      const value = question.values[metric];
      const before = baseline?.questions.get(question.id)?.values[metric];
      return value === undefined ? [] : [{ question, value, before }];
    });
    if (rows.length === 0) return [];
    const figures = languagesOf(suite).flatMap((language): [Language, Figure][] => {
      const own = rows.filter(({ question }) => question.language === language);
      if (own.length === 0) return [];
      const then = own.flatMap(({ question, before }) => (before === undefined ? [] : [{ question, value: before }]));
      const before = then.length === own.length ? figureOf(metric, then) : undefined;
      return [[language, { value: figureOf(metric, own), before, count: own.length }]];
    });
    return [{ metric, figures: new Map(figures) }];
  });
}
