import { readFile, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { measureCode } from "#shared/lineage/measure.ts";
import { createClient } from "../../services/cli/client.ts";
import { parseFlags, UsageError } from "../../services/cli/command.ts";
import type { Stream } from "../../services/cli/output.ts";
import { codeState } from "../code-state.ts";
import { startLocalProcess } from "../local-process.ts";
import { createProgress } from "../progress.ts";
import { loadSuites } from "../suite.ts";
import { leaderboardTable } from "../sweep/leaderboard.ts";
import { releaseText, runSweep } from "../sweep/run-sweep.ts";
import { loadSweep } from "../sweep/sweep-file.ts";
import { sweepWorkflow } from "../sweep/workflow.ts";
import { CONCURRENCY, type EvalSettings, outFolder, releaseFolder, suitesFolder } from "./eval-settings.ts";

const USAGE = `Usage: npm run evals -- sweep FILE [--apply] [--workflow] [--cell N]

Measures a release with every combination of the values in FILE and ranks them, with intervals. What was measured before
with the same code is not measured again.

  --apply      write the winner into releases/default, when it is surely better
  --workflow   print the same sweep as an Argo Workflow instead of running it
  --cell N     measure only the Nth cell, without a ranking`;

/** A declarative experiment over the fields of a release. Resolves to the exit code. */
export async function sweepCommand(
  args: readonly string[],
  settings: EvalSettings,
  stdout: Stream,
  stderr: Stream,
  signal: AbortSignal,
): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    apply: { type: "boolean" },
    workflow: { type: "boolean" },
    cell: { type: "string" },
  });
  if (values.help) {
    stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError("Which sweep? Give one YAML file.");
  const sweep = await loadSweep(file);
  if (values.workflow) {
    stdout.write(sweepWorkflow(sweep, await readFile(file, "utf8")));
    return 0;
  }
  if (values.cell !== undefined && !/^\d+$/.test(values.cell)) throw new UsageError("--cell must be a number.");
  const [suite] = await loadSuites(suitesFolder(settings), [sweep.suite]);
  const folder = join(outFolder(settings), "sweeps", sweep.name);
  const progress = createProgress(stderr, Date.now, true);
  const deps = {
    connect: (to: string, key?: string) => createClient({ url: to, key }),
    serve: (release: string, until: AbortSignal) =>
      startLocalProcess(settings.root, { ...settings.environment, CAIRN_RELEASE: resolve(release) }, until),
    folders: { root: settings.root, data: settings.dataFolder },
    releaseFolder: releaseFolder(settings),
    code: await codeState(settings.root),
    codeDigest: await measureCode(settings.root),
    concurrency: CONCURRENCY,
    lanes: 1,
    now: () => performance.now(),
    onStep: progress.step,
  };
  const only = values.cell === undefined ? undefined : Number(values.cell);
  const result = await runSweep(sweep, suite!, folder, deps, only, signal);
  progress.end();
  if (!result) return 0;
  const { ranked, winner } = result;
  stdout.write(`${leaderboardTable(ranked, sweep.metric)}\n\n`);
  if (!winner) {
    stdout.write("No cell is surely better than the release as it is.\n");
    return 0;
  }
  const target = values.apply ? join(releaseFolder(settings), "release.json") : join(folder, "release.json");
  if (values.apply) await writeFile(target, await releaseText(releaseFolder(settings), winner.change));
  const fields = Object.entries(winner.change).map(([field, value]) => `${field} = ${value}`);
  stdout.write(`Best: ${fields.join(", ")}. Written to ${relative(settings.root, target)}.\n`);
  return 0;
}
