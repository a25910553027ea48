import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { httpUrl, optional, readEnv, str } from "#shared/env.ts";
import { loadRelease } from "#shared/release.ts";
import { runMain } from "#shared/run-main.ts";
import { createClient } from "../services/cli/client.ts";
import { parseFlags } from "../services/cli/command.ts";
import { codeState } from "./code-state.ts";
import { type Baseline, baselineOf, loadBaseline } from "./gate/baseline.ts";
import { bless } from "./gate/bless.ts";
import { loadPolicy } from "./gate/policy.ts";
import { EXIT } from "./gate/verdict.ts";
import { startLocalProcess } from "./local-process.ts";
import { createProgress } from "./progress.ts";
import { terminalReport } from "./report/terminal-report.ts";
import { writeReports } from "./report/write-reports.ts";
import type { Results } from "./results.ts";
import { judgeRun, run } from "./run.ts";
import { loadSuites } from "./suite.ts";

const ROOT = join(import.meta.dirname, "..");
const RELEASE = join(ROOT, "releases/default");
const SUITES = join(ROOT, "evals/suites");
const BASELINES = join(ROOT, "evals/baselines");
const OUT = join(ROOT, "evals/out");
const CONCURRENCY = 4;

async function main(): Promise<void> {
  const env = readEnv(
    {
      EVAL_DATA_DIR: optional,
      CAIRN_KEY: optional,
      OPENAI_BASE_URL: httpUrl,
      OPENAI_API_KEY: optional,
      CAIRN_CHAT_MODEL: optional,
      PATH: str(""),
    },
    process.env,
  );
  const { values } = parseFlags(process.argv.slice(2), {
    suite: { type: "string", multiple: true },
    url: { type: "string" },
    run: { type: "string" },
    resume: { type: "string" },
    limit: { type: "string" },
    against: { type: "string" },
    bless: { type: "boolean" },
  });
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort(new Error(`Interrupted. Go on with --resume ${name}`)));
  const policy = await loadPolicy(join(RELEASE, "evaluation.json"));
  const release = await loadRelease(RELEASE);
  const suites = await loadSuites(SUITES, values.suite ?? Object.keys(policy.suites));
  const name = values.resume ?? values.run ?? new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const folder = join(OUT, name);
  const { EVAL_DATA_DIR, CAIRN_KEY, ...models } = env;
  const given = Object.fromEntries(
    Object.entries(models).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const progress = createProgress(process.stderr, Date.now);
  const { url } = values;
  const deps = {
    connect: (to: string) => createClient({ url: to, key: CAIRN_KEY?.trim() }),
    serve: (signal: AbortSignal) =>
      url === undefined
        ? startLocalProcess(ROOT, given, signal)
        : { url: url.replace(/\/+$/, ""), log: () => "", stop: async () => {} },
    folders: { root: ROOT, data: EVAL_DATA_DIR },
    release,
    code: await codeState(ROOT),
    resume: values.resume !== undefined,
    concurrency: CONCURRENCY,
    limit: values.limit === undefined ? undefined : Number(values.limit),
    now: () => performance.now(),
    onStep: progress.step,
  };
  const done = await run(suites, folder, { ...deps, serve: async (signal) => deps.serve(signal) }, interrupted.signal);
  progress.end();

  const baselines = new Map<string, Baseline | undefined>();
  const other = values.against === undefined ? undefined : resultsOf(values.against);
  for (const { name: suite } of suites) {
    baselines.set(suite, other ? baselineOf(other, suite) : await loadBaseline(BASELINES, suite));
  }
  const decision = await judgeRun(done, folder, policy, (suite) => baselines.get(suite));
  await writeReports(
    { run: done, decision, baselineOf: (suite) => baselines.get(suite), threshold: release.thresholds.support },
    folder,
  );
  process.stdout.write(terminalReport(done.results, decision, folder));
  process.exitCode = EXIT[decision.verdict];
  if (!values.bless) return;
  await bless(BASELINES, done.results, decision, policy);
  process.stdout.write(`Blessed: ${BASELINES} now holds this run. Look at the difference and commit it.\n`);
  process.exitCode = 0;
}

function resultsOf(run: string): Results {
  const file = join(OUT, run, "results.json");
  if (!existsSync(file)) throw new Error(`There is no run "${run}" in ${OUT}.`);
  return JSON.parse(readFileSync(file, "utf8")) as Results;
}

runMain(main);
