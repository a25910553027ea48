import type { Fingerprint, Results, RunSuite, SuiteResult } from "../results.ts";
import type { Baseline } from "./baseline.ts";
import { figureOf, type Gate, gatesOf, shown } from "./gates.ts";
import type { Policy } from "./policy.ts";

export type Verdict = "GO" | "NO-GO" | "INCONCLUSIVE";
export const EXIT: Readonly<Record<Verdict, number>> = { GO: 0, "NO-GO": 1, INCONCLUSIVE: 2 };

export type Decision = {
  readonly verdict: Verdict;
  /** Why it is not GO, the gravest first. */
  readonly reasons: readonly string[];
  /** What does not decide but should be known. */
  readonly notes: readonly string[];
  readonly gates: readonly Gate[];
};

type Finding = { readonly weight: "fail" | "unsure" | "note"; readonly text: string };

/** The policy's answer to a run. `baselineOf` is what each suite is compared with. */
export function decide(
  results: Results,
  policy: Policy,
  baselineOf: (suite: string) => Baseline | undefined,
): Decision {
  const findings: Finding[] = [];
  const gates: Gate[] = [];
  for (const suite of results.suites) {
    const rules = policy.suites[suite.name] ?? [];
    if (suite.status === "skipped") {
      findings.push(skipped(suite));
      continue;
    }
    const blocking = suite.tier !== "advisory";
    const kept = baselineOf(suite.name);
    const changed = kept && difference(suite.fingerprint, kept.fingerprint);
    if (changed)
      findings.push(
        told(blocking, "unsure", `${suite.name}: its ${changed} changed since the baseline: bless a new one`),
      );
    if (suite.sampled !== undefined) {
      findings.push(
        told(blocking, "unsure", `${suite.name}: only ${suite.sampled} questions were asked, which decides nothing`),
      );
    }
    if (suite.logLeaks > 0)
      findings.push(told(blocking, "fail", `${suite.name}: ${suite.logLeaks} secrets in the server's log`));
    const bounded = rules.some(({ max_drop, max_drop_each_kind }) => (max_drop ?? max_drop_each_kind) !== undefined);
    if (!kept && bounded)
      findings.push(told(blocking, "unsure", `${suite.name}: there is no blessed baseline to compare with`));
    const comparable = kept && !changed;
    const own = rules.flatMap((rule) => gatesOf(suite, rule, comparable ? kept : undefined));
    gates.push(...own);
    for (const gate of own) {
      // Said once for the suite.
      if (gate.verdict === "pass" || (!comparable && gate.verdict === "unsure")) continue;
      findings.push(told(blocking, gate.verdict, `${placeOf(gate)} ${gate.reason}`));
    }
  }
  findings.push(...parity(results, policy));
  const of = (weight: Finding["weight"]): string[] =>
    findings.filter((one) => one.weight === weight).map(({ text }) => text);
  const [fails, unsure] = [of("fail"), of("unsure")];
  const verdict: Verdict = fails.length > 0 ? "NO-GO" : unsure.length > 0 ? "INCONCLUSIVE" : "GO";
  return { verdict, reasons: [...fails, ...unsure], notes: of("note"), gates };
}

/** Where a gate stands, in words. */
export const placeOf = ({ suite, language, slice, metric }: Gate): string =>
  [suite, language, ...(slice === "" ? [] : [slice]), metric].join(" · ");

function skipped({ name, tier, reason }: Extract<SuiteResult, { status: "skipped" }>): Finding {
  const text = `${name}: skipped, ${reason}`;
  return { weight: tier === "critical" ? "fail" : "note", text };
}

const told = (blocking: boolean, weight: Finding["weight"], text: string): Finding => ({
  weight: blocking ? weight : "note",
  text,
});

function difference(now: Fingerprint, then: Fingerprint): string | undefined {
  const names = { suite: "request", questions: "questions", documents: "documents" } as const;
  const changed = (Object.keys(names) as (keyof typeof names)[]).filter((part) => now[part] !== then[part]);
  return changed.length > 0 ? changed.map((part) => names[part]).join(" and ") : undefined;
}

function parity({ suites }: Results, policy: Policy): Finding[] {
  const find = (name: string): RunSuite | undefined => {
    const suite = suites.find((one) => one.name === name);
    return suite?.status === "run" ? suite : undefined;
  };
  return policy.parity.flatMap(({ metric, suites: [a, b], max_gap }): Finding[] => {
    const [one, other] = [find(a), find(b)];
    if (!one || !other) return [];
    const figure = (suite: RunSuite, language?: string): number =>
      figureOf(
        metric,
        suite.questions.flatMap((question) => {
          const value = question.values[metric];
          return value === undefined || (language && question.language !== language) ? [] : [{ question, value }];
        }),
      );
    const [x, y] = a === b ? [figure(one, "en"), figure(one, "zh")] : [figure(one), figure(other)];
    if (Math.abs(x - y) <= max_gap) return [];
    const names = a === b ? `${a} en and zh` : `${a} and ${b}`;
    return [
      {
        weight: "fail",
        text: `${names} · ${metric} are ${shown(Math.abs(x - y))} apart (${shown(x)}, ${shown(y)}); ${shown(max_gap)} is allowed`,
      },
    ];
  });
}
