import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { concurrently } from "#shared/concurrently.ts";
import type { Release } from "#shared/release.ts";
import { type Folders, readSuiteData } from "./read-suite-data.ts";
import { type Results, SEED, type SuiteResult, type Timings } from "./results.ts";
import { runSuite, type SuiteDeps, type SuiteRun } from "./run-suite.ts";
import type { Suite } from "./suite.ts";
import { DataAbsent, type SuiteData } from "./suite-data.ts";

export type RunDeps = Omit<SuiteDeps, "instructions" | "journal" | "code" | "onStep"> & {
  readonly folders: Folders;
  readonly release: Release;
  readonly code: Results["code"];
  readonly resume: boolean;
  /** So many suites at the same time, each with its own server. One where all ask the same server. */
  readonly lanes: number;
  readonly onStep: (suite: string, ...step: Parameters<SuiteDeps["onStep"]>) => void;
};

export type Run = {
  readonly results: Results;
  readonly timings: Timings;
  /** Normalised texts by suite and document. */
  readonly texts: ReadonlyMap<string, SuiteRun["texts"]>;
};

/**
 * Every suite, `lanes` of them at the same time and those with the most questions first, and what came of it in `folder`:
 * results.json, equal for equal runs, and timings.json.
 */
export async function run(suites: readonly Suite[], folder: string, deps: RunDeps, signal: AbortSignal): Promise<Run> {
  const { release, code } = deps;
  await mkdir(folder, { recursive: true });
  const read = await Promise.all(suites.map(async (suite) => ({ suite, data: await dataOf(suite, deps) })));
  const longestFirst = read.toSorted((a, b) => questionsIn(b.data) - questionsIn(a.data));
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const finished = await concurrently(longestFirst, deps.lanes, ({ suite, data }) =>
    one(suite, data, folder, deps, until).catch((error: unknown) => {
      // The suite beside it would ask on for minutes, and its server with it.
      failed.abort(error);
      throw error;
    }),
  );
  const timings: Record<string, SuiteRun["timings"]> = {};
  const texts = new Map<string, SuiteRun["texts"]>();
  const done = suites.map(({ name }) => {
    const { result, ...ran } = finished.find((each) => each.result.name === name)!;
    if (ran.timings) timings[name] = ran.timings;
    if (ran.texts) texts.set(name, ran.texts);
    return result;
  });
  const { name, digest } = release;
  const results: Results = { format: "cairn-evals/1", seed: SEED, release: { name, digest }, code, suites: done };
  await writeFile(join(folder, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(join(folder, "timings.json"), `${JSON.stringify(timings, null, 1)}\n`);
  return { results, timings, texts };
}

const dataOf = (suite: Suite, { folders }: RunDeps): Promise<SuiteData | DataAbsent> =>
  readSuiteData(suite, folders).catch((error: unknown) => {
    if (error instanceof DataAbsent) return error;
    throw error;
  });

const questionsIn = (data: SuiteData | DataAbsent): number => (data instanceof DataAbsent ? 0 : data.questions.length);

async function one(
  suite: Suite,
  data: SuiteData | DataAbsent,
  folder: string,
  deps: RunDeps,
  signal: AbortSignal,
): Promise<{ readonly result: SuiteResult } & Partial<Omit<SuiteRun, "result">>> {
  const { name, description, tier } = suite;
  if (data instanceof DataAbsent) {
    deps.onStep(name, `skipped: ${data.message}`, 0, 0);
    return { result: { name, description, tier, status: "skipped", reason: data.message } };
  }
  const { release, code } = deps;
  const own = {
    ...deps,
    instructions: release.instructions,
    code: `${code.revision} ${code.changed} ${release.digest}`,
    journal: { path: join(folder, "journal", `${name}.jsonl`), resume: deps.resume },
    onStep: (...step: Parameters<SuiteDeps["onStep"]>) => deps.onStep(name, ...step),
  };
  return runSuite(suite, data, own, signal);
}
