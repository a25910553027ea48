import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Language } from "#shared/language.ts";
import { STATEMENT_TYPE } from "#shared/lineage/dsse.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { loadRelease } from "#shared/release.ts";
import { createClient } from "../../services/cli/client.ts";
import { parseFlags, UsageError } from "../../services/cli/command.ts";
import type { Stream } from "../../services/cli/output.ts";
import { codeState } from "../code-state.ts";
import { attestationOf } from "../gate/attestation.ts";
import { type Baseline, baselineOf, loadBaseline } from "../gate/baseline.ts";
import { bless } from "../gate/bless.ts";
import { loadPolicy } from "../gate/policy.ts";
import { decide, EXIT } from "../gate/verdict.ts";
import { type Served, startLocalProcess } from "../local-process.ts";
import { createProgress } from "../progress.ts";
import { terminalReport } from "../report/terminal-report.ts";
import { writeReports } from "../report/write-reports.ts";
import type { Results } from "../results.ts";
import { run } from "../run.ts";
import { loadSuites } from "../suite.ts";
import {
  CONCURRENCY,
  countOf,
  type EvalSettings,
  LANES,
  outFolder,
  releaseFolder,
  suitesFolder,
} from "./eval-settings.ts";

export const RUN_USAGE = `Usage: npm run evals [-- OPTIONS]

Takes the suites' documents in, asks their questions, and decides: exit 0 GO, 1 NO-GO, 2 INCONCLUSIVE.

  --suite NAME     only this suite; may be given several times
  --url URL        ask this server instead of starting one (CAIRN_KEY is its key)
  --run NAME       name of the folder in evals/out (the time)
  --resume NAME    go on with a run that was cut off
  --limit N        ask only N questions of each suite: a look, not a decision
  --language en    ask only questions in this language (en or zh): a look, too
  --at-once N      ask N questions at the same time and suite after suite, instead of 4 each of two suites
  --against NAME   compare with another run instead of the blessed baseline
  --bless          make this run the baseline, unless it breaks a floor
  --sign FILE      sign attestation.json with the keys of this file

The other commands are judge, sweep and calibrate; npm run evals -- COMMAND --help tells of each.`;

const flags = {
  suite: { type: "string", multiple: true },
  url: { type: "string" },
  run: { type: "string" },
  resume: { type: "string" },
  limit: { type: "string" },
  language: { type: "string" },
  "at-once": { type: "string" },
  against: { type: "string" },
  bless: { type: "boolean" },
  sign: { type: "string" },
} as const;

/** Measures, decides and reports. Resolves to the exit code. */
export async function runCommand(
  args: readonly string[],
  settings: EvalSettings,
  stdout: Stream,
  stderr: Stream,
  signal: AbortSignal,
): Promise<number> {
  const { values } = parseFlags(args, flags);
  if (values.help) {
    stdout.write(`${RUN_USAGE}\n`);
    return 0;
  }
  const policy = await loadPolicy(join(releaseFolder(settings), "evaluation.json"));
  const release = await loadRelease(releaseFolder(settings));
  const suites = await loadSuites(suitesFolder(settings), values.suite ?? Object.keys(policy.suites));
  const name = values.resume ?? values.run ?? new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const folder = join(outFolder(settings), name);
  const progress = createProgress(stderr, Date.now, suites.length === 1);
  const atOnce = countOf("at-once", values["at-once"]);
  const deps = {
    connect: (to: string, key?: string) => createClient({ url: to, key: key ?? settings.key }),
    serve: serverOf(values.url, settings),
    folders: { root: settings.root, data: settings.dataFolder },
    release,
    code: await codeState(settings.root),
    resume: values.resume !== undefined,
    concurrency: atOnce ?? CONCURRENCY,
    // One server that is asked by all, or a model that answers one after the other, is no faster for two.
    lanes: values.url === undefined && atOnce === undefined ? LANES : 1,
    limit: countOf("limit", values.limit),
    language: languageNamed(values.language),
    now: () => performance.now(),
    onStep: progress.step,
  };
  const done = await run(suites, folder, deps, signal).finally(() => {
    if (signal.aborted) stderr.write(`\nGo on with: npm run evals -- --resume ${name}\n`);
  });
  progress.end();

  const baselines = await comparedWith(
    values.against,
    suites.map((suite) => suite.name),
    settings,
  );
  const before = (suite: string): Baseline | undefined => baselines.get(suite);
  const decision = decide(done.results, policy, before);
  await writeFile(join(folder, "decision.json"), `${JSON.stringify(decision, null, 1)}\n`);
  const statement = JSON.stringify(attestationOf(done.results, decision, policy));
  await writeFile(join(folder, "attestation.json"), `${JSON.stringify(await sealed(statement, values.sign))}\n`);
  await writeReports({ run: done, decision, baselineOf: before, threshold: release.thresholds.support }, folder);
  stdout.write(terminalReport(done.results, decision, folder));
  if (!values.bless) return EXIT[decision.verdict];
  await bless(baselinesFolder(settings), done.results, decision, policy);
  stdout.write("Blessed: evals/baselines now holds this run. Look at the difference and commit it.\n");
  return 0;
}

function languageNamed(name: string | undefined): Language | undefined {
  if (name === undefined || name === "en" || name === "zh") return name;
  throw new UsageError(`--language is en or zh, not "${name}".`);
}

const baselinesFolder = ({ root }: EvalSettings): string => join(root, "evals/baselines");

function serverOf(
  url: string | undefined,
  { root, environment }: EvalSettings,
): (signal: AbortSignal) => Promise<Served> {
  if (url === undefined) return (signal) => startLocalProcess(root, environment, signal);
  return async () => ({ url: url.replace(/\/+$/, ""), log: () => "", stop: async () => {} });
}

async function comparedWith(
  other: string | undefined,
  suites: readonly string[],
  settings: EvalSettings,
): Promise<ReadonlyMap<string, Baseline | undefined>> {
  const results = other === undefined ? undefined : resultsOf(other, settings);
  const pairs = suites.map(async (suite) => {
    const baseline = results
      ? baselineOf(results, suite, other!)
      : await loadBaseline(baselinesFolder(settings), suite);
    return [suite, baseline] as const;
  });
  return new Map(await Promise.all(pairs));
}

/** The one run that a command is about. Throws what to give instead. */
export function runNamed([name, ...more]: readonly string[]): string {
  if (name === undefined || more.length > 0)
    throw new UsageError("Which run? Give the name of one folder in evals/out.");
  return name;
}

/** The results of an earlier run. Throws a sentence when there is none of that name. */
export function resultsOf(run: string, settings: EvalSettings): Results {
  const file = join(outFolder(settings), run, "results.json");
  if (!existsSync(file)) throw new Error(`There is no run "${run}" in ${outFolder(settings)}.`);
  return JSON.parse(readFileSync(file, "utf8")) as Results;
}

/** Without a key file the statement is an envelope that nobody has signed. */
async function sealed(statement: string, keyFile: string | undefined): Promise<object> {
  if (keyFile !== undefined) return (await openKeyRing(keyFile)).seal(statement, Date.now());
  return { payloadType: STATEMENT_TYPE, payload: Buffer.from(statement).toString("base64"), signatures: [] };
}
