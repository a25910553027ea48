import type { Language } from "#shared/language.ts";
import type { Baseline } from "../gate/baseline.ts";
import { figureOf } from "../gate/gates.ts";
import { METRIC_NAMES, type MetricName, type Values } from "../metrics/registry.ts";
import type { QuestionResult, RunSuite } from "../results.ts";

export type Figure = { readonly value: number; readonly before: number | undefined; readonly count: number };
export type SummaryRow = { readonly metric: MetricName; readonly figures: ReadonlyMap<Language, Figure> };

/** The languages of a suite, in order. */
export const languagesOf = ({ questions }: RunSuite): Language[] =>
  [...new Set(questions.map(({ language }) => language))].sort();

/** A suite's figures by metric and language, beside those that the same questions had before, as far as they had any. */
export function summaryOf(suite: RunSuite, baseline: Baseline | undefined): SummaryRow[] {
  return METRIC_NAMES.flatMap((metric): SummaryRow[] => {
    const rowsOf = (valuesOf: (question: QuestionResult) => Values | undefined) =>
      suite.questions.flatMap((question) => {
        const value = valuesOf(question)?.[metric];
        return value === undefined ? [] : [{ question, value }];
      });
    const rows = rowsOf(({ values }) => values);
    const earlier = rowsOf(({ id }) => baseline?.questions.get(id)?.values);
    if (rows.length === 0) return [];
    const figures = languagesOf(suite).flatMap((language): [Language, Figure][] => {
      const [own, then] = [rows, earlier].map((some) => some.filter(({ question }) => question.language === language));
      if (!own || own.length === 0) return [];
      const before = then && then.length > 0 ? figureOf(metric, then) : undefined;
      return [[language, { value: figureOf(metric, own), before, count: own.length }]];
    });
    return [{ metric, figures: new Map(figures) }];
  });
}
