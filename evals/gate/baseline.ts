import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { MetricName, Values } from "../metrics/registry.ts";
import type { Cited } from "../observation.ts";
import type { Fingerprint, Results, RunSuite } from "../results.ts";
import type { Rule } from "./policy.ts";

/** What an earlier run measured on the same questions, and what it answered where that is kept. */
export type Baseline = {
  /** What reports call it. */
  readonly name: string;
  readonly fingerprint: Fingerprint;
  readonly release: string;
  readonly questions: ReadonlyMap<string, Before>;
};

/** One question then. */
export type Before = {
  readonly values: Values;
  readonly outcome?: string;
  readonly text?: string;
  /** Known of a run, and not of a blessed baseline. */
  readonly citations?: readonly Cited[];
};

/** `values` in the order of `metrics`; null where a metric does not apply. */
type Kept = {
  readonly fingerprint: Fingerprint;
  readonly release: string;
  readonly metrics: readonly MetricName[];
  readonly questions: Readonly<
    Record<string, readonly [values: readonly (number | null)[], outcome?: string, text?: string]>
  >;
};

const fileOf = (folder: string, suite: string): string => join(folder, `${suite}.json`);
/** More digits would be noise in the diff of a bless. */
const short = (value: number): number => Number(value.toFixed(4));

export async function loadBaseline(folder: string, suite: string): Promise<Baseline | undefined> {
  const file = fileOf(folder, suite);
  if (!existsSync(file)) return undefined;
  const { fingerprint, release, metrics, questions } = JSON.parse(await readFile(file, "utf8")) as Kept;
  const entries = Object.entries(questions).map(([id, [values, outcome, text]]) => {
    const pairs = metrics.flatMap((name, i) =>
      values[i] === null || values[i] === undefined ? [] : [[name, values[i]]],
    );
    return [
      id,
      {
        values: Object.fromEntries(pairs) as Values,
        ...(outcome !== undefined && { outcome }),
        ...(text !== undefined && { text }),
      },
    ] as const;
  });
  return { name: "baseline", fingerprint, release, questions: new Map(entries) };
}

/**
 * Keeps a suite's values as what later runs are compared with: only of metrics that a rule bounds by a drop. Answers are
 * kept for the shipped set alone; the texts of others are not ours to copy.
 */
export async function saveBaseline(
  folder: string,
  result: RunSuite,
  rules: readonly Rule[],
  release: string,
  answers: boolean,
): Promise<void> {
  const bounded = rules.filter(
    ({ max_drop, max_drop_each_kind }) => max_drop !== undefined || max_drop_each_kind !== undefined,
  );
  const metrics = [...new Set(bounded.map(({ metric }) => metric))];
  if (metrics.length === 0) return;
  const lines = result.questions.map(({ id, values, observation: { answer } }) => {
    const kept = metrics.map((name) => (values[name] === undefined ? null : short(values[name])));
    return `${JSON.stringify(id)}:${JSON.stringify(answers && answer ? [kept, answer.outcome, answer.text] : [kept])}`;
  });
  const head = JSON.stringify({ fingerprint: result.fingerprint, release, metrics }).slice(0, -1);
  const file = fileOf(folder, result.name);
  await mkdir(dirname(file), { recursive: true });
  // A line a question, so that a bless can be reviewed.
  await writeFile(file, `${head},"questions":{\n${lines.join(",\n")}\n}}\n`);
}

/** Another run as what this one is compared with. */
export function baselineOf(results: Results, suite: string, name: string): Baseline | undefined {
  const found = results.suites.find((one) => one.name === suite);
  if (found?.status !== "run") return undefined;
  const questions = found.questions.map(({ id, values, observation: { answer } }): [string, Before] => {
    const told = answer && { outcome: answer.outcome, text: answer.text, citations: answer.citations };
    return [id, { values, ...told }];
  });
  return { name, fingerprint: found.fingerprint, release: results.release.digest, questions: new Map(questions) };
}
