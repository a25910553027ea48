import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { loadRelease } from "#shared/release.ts";
import { parseFlags, UsageError } from "../../services/cli/command.ts";
import type { Stream } from "../../services/cli/output.ts";
import { type Calibrated, calibrationAt, type Share, thresholdFor } from "../calibrate.ts";
import { releaseText } from "../sweep/run-sweep.ts";
import { type EvalSettings, releaseFolder } from "./eval-settings.ts";
import { resultsOf, runNamed } from "./run-command.ts";

/** A refused answer is worse than a near miss that was answered and shows its source. */
const OVER_REFUSAL = 0.05;

const USAGE = `Usage: npm run evals -- calibrate RUN [OPTIONS]

Finds the support below which questions are refused: the highest at which no language has too many of its answerable
questions refused. Prints what it and the present one do to each kind of question.

  --suite NAME         the suite whose questions are looked at (handbook)
  --over-refusal SHARE answerable questions that may be refused, between 0 and 1 (${OVER_REFUSAL})
  --apply              write it into releases/default`;

/** The refusal threshold from a run. Resolves to the exit code. */
export async function calibrateCommand(
  args: readonly string[],
  settings: EvalSettings,
  stdout: Stream,
): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    suite: { type: "string" },
    "over-refusal": { type: "string" },
    apply: { type: "boolean" },
  });
  if (values.help) {
    stdout.write(`${USAGE}\n`);
    return 0;
  }
  const name = runNamed(positionals);
  const most = Number(values["over-refusal"] ?? OVER_REFUSAL);
  if (!(most >= 0 && most < 1)) throw new UsageError("--over-refusal must be a number from 0 to below 1.");
  const { suite = "handbook" } = values;
  const run = resultsOf(name, settings).suites.find((one) => one.name === suite);
  if (run?.status !== "run") throw new Error(`The run has no suite "${suite}".`);
  const folder = releaseFolder(settings);
  const present = (await loadRelease(folder)).thresholds.support;
  const found = thresholdFor(run.questions, most);
  for (const [label, threshold] of [
    ["present", present],
    ["found", found],
  ] as const) {
    stdout.write(`${label} threshold ${threshold}\n`);
    for (const line of calibrationAt(run.questions, threshold)) stdout.write(`  ${lineOf(line)}\n`);
  }
  if (!values.apply) return 0;
  const target = join(folder, "release.json");
  await writeFile(target, await releaseText(folder, { "thresholds.support": found }));
  stdout.write(`Written to ${relative(settings.root, target)}.\n`);
  return 0;
}

function lineOf({ language, auroc, overRefusal, refused }: Calibrated): string {
  const kinds = Object.entries(refused).map(([kind, share]) => `${kind} ${percent(share)}`);
  return `${language}: AUROC ${auroc.toFixed(3)}; answerable refused ${percent(overRefusal)}; refused of ${kinds.join(", ")}`;
}

const percent = ({ share, of }: Share): string => `${(100 * share).toFixed(1)} % of ${of}`;
