import type { Language } from "#shared/language.ts";
import { auroc } from "../metrics/auroc.ts";
import { METRICS, type MetricName } from "../metrics/registry.ts";
import { mean } from "../metrics/retrieval-values.ts";
import { type QuestionResult, type RunSuite, SEED } from "../results.ts";
import type { Baseline } from "./baseline.ts";
import { bootstrap, type Interval, mcnemar, meanDrop, type Pair, resolvableDrop } from "./paired.ts";
import type { Rule } from "./policy.ts";

const ALPHA = 0.025;
const AUROC_RESAMPLES = 300;
/** What rounding in a kept baseline may differ by. */
const TOLERANCE = 1e-4;

export type Gate = {
  readonly suite: string;
  readonly metric: MetricName;
  readonly language: Language;
  /** The part of the questions that the rule speaks of; empty: all. */
  readonly slice: string;
  readonly count: number;
  readonly value: number;
  readonly bound?: number;
  readonly compared?: {
    readonly before: number;
    /** How much worse it got; negative: better. */
    readonly drop: number;
    readonly interval: Interval;
    readonly maxDrop: number;
    /** The smallest drop that these questions can tell from chance. */
    readonly resolves: number;
  };
  readonly verdict: "pass" | "fail" | "unsure";
  /** A broken bound cannot be blessed away; a drop can. */
  readonly broken?: "bound" | "drop";
  /** Why it is not passed. */
  readonly reason?: string;
};

type Row = { readonly question: QuestionResult; readonly value: number; readonly before: number | undefined };

/** What one rule says of one suite: a gate for each language, and for each kind where the rule asks for that. */
export function gatesOf(suite: RunSuite, rule: Rule, baseline: Baseline | undefined): Gate[] {
  const { metric, kinds, expect } = rule;
  const rows = suite.questions
    .filter((one) => (!kinds || kinds.includes(one.kind)) && (!expect || one.expect === expect))
    .flatMap((question): Row[] => {
      const value = question.values[metric];
      return value === undefined
        ? []
        : [{ question, value, before: baseline?.questions.get(question.id)?.values[metric] }];
    });
  const languages = [...new Set(suite.questions.map(({ language }) => language))].sort();
  const named = kinds?.join("+") ?? expect ?? "";
  return languages.flatMap((language): Gate[] => {
    const spoken = rows.filter(({ question }) => question.language === language);
    const bound = rule.ceiling ?? (typeof rule.floor === "number" ? rule.floor : rule.floor?.[language]);
    const whole = gateOf({
      suite: suite.name,
      metric,
      language,
      slice: named,
      rows: spoken,
      bound,
      maxDrop: rule.max_drop,
      baseline,
    });
    if (rule.max_drop_each_kind === undefined) return [whole];
    const maxDrop = rule.max_drop_each_kind;
    const each = [...new Set(spoken.map(({ question }) => question.kind))].sort().map((kind) => {
      const some = spoken.filter(({ question }) => question.kind === kind);
      return gateOf({
        suite: suite.name,
        metric,
        language,
        slice: kind,
        rows: some,
        bound: undefined,
        maxDrop,
        baseline,
      });
    });
    return [whole, ...each];
  });
}

type Asked = Pick<Gate, "suite" | "metric" | "language" | "slice"> & {
  readonly rows: readonly Row[];
  readonly bound: number | undefined;
  readonly maxDrop: number | undefined;
  readonly baseline: Baseline | undefined;
};

function gateOf({ rows, bound, maxDrop, baseline, ...place }: Asked): Gate {
  const { better } = METRICS[place.metric];
  const value = figureOf(
    place.metric,
    rows.map(({ question, value }) => ({ question, value })),
  );
  const base = { ...place, count: rows.length, value, ...(bound !== undefined && { bound }) };
  if (rows.length === 0 || Number.isNaN(value)) {
    return {
      ...base,
      verdict: "fail",
      broken: "bound",
      reason: "no question has a value for it: a rule that measures nothing",
    };
  }
  if (bound !== undefined && (better === "higher" ? value < bound : value > bound)) {
    const what = better === "higher" ? "below the floor of" : "above the ceiling of";
    return {
      ...base,
      ...compare(place.metric, rows, maxDrop),
      verdict: "fail",
      broken: "bound",
      reason: `${shown(value)} is ${what} ${shown(bound)}`,
    };
  }
  if (maxDrop === undefined) return { ...base, verdict: "pass" };
  if (!baseline) return { ...base, verdict: "unsure", reason: "there is no blessed baseline to compare with" };
  const { compared, worse } = compare(place.metric, rows, maxDrop);
  if (!compared) return { ...base, verdict: "unsure", reason: "the baseline does not have it: bless a new one" };
  const { drop, interval, before, resolves } = compared;
  const fell = `fell by ${shown(drop)} (${shown(before)} → ${shown(value)}), 95 % interval ${shown(interval.low)} to ${shown(interval.high)}`;
  if (drop <= maxDrop + TOLERANCE) return { ...base, compared, verdict: "pass" };
  if (interval.low > TOLERANCE || worse < ALPHA) {
    return { ...base, compared, verdict: "fail", broken: "drop", reason: `${fell}; ${shown(maxDrop)} is allowed` };
  }
  const reason = `${fell}; ${shown(maxDrop)} is allowed, and ${rows.length} questions cannot tell it from chance: they see drops from ${shown(resolves)} on`;
  return { ...base, compared, verdict: "unsure", reason };
}

/**
 * Questions that have the metric now and had it before. Drops are turned so that positive is worse, whichever way the
 * metric points.
 */
function compare(
  metric: MetricName,
  rows: readonly Row[],
  maxDrop: number | undefined,
): { compared?: NonNullable<Gate["compared"]>; worse: number } {
  const both = rows.filter((row): row is Row & { before: number } => row.before !== undefined);
  if (both.length === 0 || maxDrop === undefined) return { worse: 1 };
  const sign = METRICS[metric].better === "higher" ? 1 : -1;
  const pairs: Pair[] = both.map(({ before, value }) => ({ before: sign * before, after: sign * value }));
  const before = figureOf(
    metric,
    both.map(({ question, before }) => ({ question, value: before })),
  );
  const resolves = resolvableDrop(pairs);
  const changed = pairs.filter(({ before, after }) => Math.abs(before - after) > TOLERANCE);
  const lost = changed.filter(({ before, after }) => after < before).length;
  const worse = METRICS[metric].kind === "pass" ? mcnemar(lost, changed.length - lost) : 1;
  if (METRICS[metric].kind === "auroc") {
    const fall = (some: typeof both): number =>
      figureOf(
        metric,
        some.map(({ question, before }) => ({ question, value: before })),
      ) -
      figureOf(
        metric,
        some.map(({ question, value }) => ({ question, value })),
      );
    const drop = fall(both);
    const interval =
      changed.length === 0 ? { low: 0, high: 0 } : bootstrap(both, (some) => fall([...some]), SEED, AUROC_RESAMPLES);
    return { compared: { before, drop, interval, maxDrop, resolves }, worse };
  }
  const { drop, interval } = meanDrop(pairs, SEED);
  return { compared: { before, drop, interval, maxDrop, resolves }, worse };
}

/** The one figure of some questions: their mean, or how well their scores tell answerable questions from the others. */
export function figureOf(
  metric: MetricName,
  rows: readonly { readonly question: Pick<QuestionResult, "expect">; readonly value: number }[],
): number {
  if (METRICS[metric].kind !== "auroc") return mean(rows.map(({ value }) => value));
  const scores = (expect: QuestionResult["expect"]): number[] =>
    rows.filter(({ question }) => question.expect === expect).map(({ value }) => value);
  return auroc(scores("answered"), scores("no_evidence"));
}

export const shown = (value: number): string => value.toFixed(3);
