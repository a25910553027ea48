import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Release } from "#shared/release.ts";
import { type Folders, readSuiteData } from "./read-suite-data.ts";
import { type Results, SEED, type SuiteResult, type Timings } from "./results.ts";
import { runSuite, type SuiteDeps, type SuiteRun } from "./run-suite.ts";
import type { Suite } from "./suite.ts";
import { DataAbsent } from "./suite-data.ts";

export type RunDeps = Omit<SuiteDeps, "instructions" | "journal" | "code" | "onStep"> & {
  readonly folders: Folders;
  readonly release: Release;
  readonly code: Results["code"];
  readonly resume: boolean;
  readonly onStep: (suite: string, ...step: Parameters<SuiteDeps["onStep"]>) => void;
};

export type Run = {
  readonly results: Results;
  readonly timings: Timings;
  /** Normalised texts by suite and document. */
  readonly texts: ReadonlyMap<string, SuiteRun["texts"]>;
};

/** Every suite in turn, and what came of it in `folder`: results.json, equal for equal runs, and timings.json. */
export async function run(suites: readonly Suite[], folder: string, deps: RunDeps, signal: AbortSignal): Promise<Run> {
  const { release, code } = deps;
  await mkdir(folder, { recursive: true });
  const done: SuiteResult[] = [];
  const timings: Record<string, SuiteRun["timings"]> = {};
  const texts = new Map<string, SuiteRun["texts"]>();
  for (const suite of suites) {
    const { name, description, tier } = suite;
    const data = await readSuiteData(suite, deps.folders).catch((error: unknown) => {
      if (error instanceof DataAbsent) return error;
      throw error;
    });
    if (data instanceof DataAbsent) {
      done.push({ name, description, tier, status: "skipped", reason: data.message });
      deps.onStep(name, `skipped: ${data.message}`, 0, 0);
      continue;
    }
    const own = {
      ...deps,
      instructions: release.instructions,
      code: `${code.revision} ${code.changed} ${release.digest}`,
      journal: { path: join(folder, "journal", `${name}.jsonl`), resume: deps.resume },
      onStep: (...step: Parameters<SuiteDeps["onStep"]>) => deps.onStep(name, ...step),
    };
    const one = await runSuite(suite, data, own, signal);
    done.push(one.result);
    timings[name] = one.timings;
    texts.set(name, one.texts);
  }
  const { name, digest } = release;
  const results: Results = { format: "cairn-evals/1", seed: SEED, release: { name, digest }, code, suites: done };
  await writeFile(join(folder, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(join(folder, "timings.json"), `${JSON.stringify(timings, null, 1)}\n`);
  return { results, timings, texts };
}
