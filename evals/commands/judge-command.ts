import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseFlags, UsageError } from "../../services/cli/command.ts";
import type { Stream } from "../../services/cli/output.ts";
import { gatewayJudge } from "../judge/gateway-judge.ts";
import { type Item, judgeAnswers, type Labelled, MIN_REPEATS } from "../judge/judge-answers.ts";
import { judgeReport } from "../judge/judge-report.ts";
import { jsonLines } from "../readers/json-lines.ts";
import type { Results } from "../results.ts";
import { countOf, type EvalSettings, outFolder } from "./eval-settings.ts";
import { resultsOf, runNamed } from "./run-command.ts";

const USAGE = `Usage: npm run evals -- judge RUN [--model ALIAS] [--suite NAME] [--repeats N] [--limit N]

Asks a model whether the answers of a run are grounded and relevant, several times each, and says beside its scores how
often it agrees with people and with itself. It advises and decides nothing: the exit code is 0 whatever it says.

  --model ALIAS   the judge, an alias of the gateway at CAIRN_GATEWAY_URL (chat)
  --suite NAME    the suite whose answers are judged (handbook)
  --repeats N     times that each answer is judged, at least ${MIN_REPEATS} (${MIN_REPEATS})
  --limit N       judge only the first N answers`;

/** A second opinion on a run. Resolves to the exit code. */
export async function judgeCommand(
  args: readonly string[],
  settings: EvalSettings,
  stdout: Stream,
  signal: AbortSignal,
): Promise<number> {
  const { values, positionals } = parseFlags(args, {
    model: { type: "string" },
    suite: { type: "string" },
    repeats: { type: "string" },
    limit: { type: "string" },
  });
  if (values.help) {
    stdout.write(`${USAGE}\n`);
    return 0;
  }
  const name = runNamed(positionals);
  const { model = "chat", suite = "handbook" } = values;
  const repeats = countOf("repeats", values.repeats) ?? MIN_REPEATS;
  if (repeats < MIN_REPEATS)
    throw new UsageError(`--repeats must be at least ${MIN_REPEATS}: one opinion shows no doubt.`);
  const answers = answersOf(resultsOf(name, settings), suite).slice(0, countOf("limit", values.limit));
  const examples = join(settings.root, "evals/judge/examples.jsonl");
  const labelled = jsonLines(await readFile(examples, "utf8"), examples) as Labelled[];
  const ask = gatewayJudge(settings.gatewayUrl, settings.gatewayKey, model);
  const report = await judgeAnswers(answers, labelled, repeats, ask, signal);
  const text = judgeReport(model, report);
  const folder = join(outFolder(settings), name);
  await writeFile(join(folder, "judge.json"), `${JSON.stringify({ model, suite, ...report }, null, 1)}\n`);
  await writeFile(join(folder, "judge.md"), `### Advisory judge\n\n\`\`\`\n${text}\`\`\`\n`);
  stdout.write(text);
  return 0;
}

/** What was answered with evidence; refusals have none to be judged by. */
function answersOf({ suites }: Results, name: string): Item[] {
  const suite = suites.find((one) => one.name === name);
  if (suite?.status !== "run") throw new Error(`The run has no suite "${name}".`);
  return suite.questions.flatMap(({ id, language, question, observation: { answer } }): Item[] => {
    if (!answer || answer.citations.length === 0) return [];
    const evidence = answer.citations.map(({ marker, quote }) => `[${marker}] ${quote}`).join("\n");
    return [{ id, language, question, evidence, answer: answer.text }];
  });
}
