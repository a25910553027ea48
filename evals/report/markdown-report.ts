import type { Baseline } from "../gate/baseline.ts";
import { type Gate, shown } from "../gate/gates.ts";
import { type Decision, placeOf } from "../gate/verdict.ts";
import { METRICS } from "../metrics/registry.ts";
import type { RunSuite } from "../results.ts";
import type { Run } from "../run.ts";
import { answeredBy } from "./answered-by.ts";
import { answerShown, type Judged } from "./judged.ts";
import { consumptionOf, operationsOf } from "./operations.ts";
import { languagesOf, summaryOf } from "./summary.ts";

const MAX_FLIPS = 10;
const MAX_ANSWER_CHARS = 300;
/** Less than this is rounding. */
const CHANGE = 0.0005;

/** The report for a pull request: the verdict and why, the figures, what the set can see, the answers that changed. */
export function markdownReport(
  { results, timings }: Run,
  { verdict, reasons, notes, gates }: Decision,
  judged: readonly Judged[],
  baselineOf: (suite: string) => Baseline | undefined,
): string {
  const suites = results.suites.filter((suite): suite is RunSuite => suite.status === "run");
  const listed = (title: string, texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : [`**${title}**`, "", ...texts.map((text) => `- ${plain(text)}`), ""];
  return [
    `## Evaluation: ${verdict}`,
    "",
    `Release \`${results.release.name}\` (${results.release.digest.slice(0, 12)}), code ${results.code.revision.slice(0, 12)}${results.code.changed ? " with changes" : ""}.`,
    "",
    ...listed("Reasons", reasons),
    ...listed("Notes", notes),
    ...suites.flatMap((suite) => suiteTable(suite, baselineOf(suite.name))),
    ...resolution(gates),
    ...flips(judged),
    ...operations(suites, timings),
  ].join("\n");
}

function suiteTable(suite: RunSuite, baseline: Baseline | undefined): string[] {
  const languages = languagesOf(suite);
  const rows = summaryOf(suite, baseline).map(({ metric, figures }) => {
    const cells = languages.map((language) => {
      const figure = figures.get(language);
      if (!figure) return "–";
      const { value, before } = figure;
      if (before === undefined || Math.abs(value - before) < CHANGE) return shown(value);
      const better = value > before === (METRICS[metric].better === "higher");
      return `${shown(value)} ${better ? "▲" : "▼"} from ${shown(before)}`;
    });
    return `| ${metric} | ${cells.join(" | ")} |`;
  });
  const answered = answeredBy(suite);
  return [
    `### ${suite.name}`,
    "",
    `${suite.description}: ${suite.questions.length} questions.${answered === "" ? "" : ` Answered by ${answered}.`}`,
    "",
    `| metric | ${languages.join(" | ")} |`,
    `|---|${languages.map(() => "--:|").join("")}`,
    ...rows,
    "",
  ];
}

/** What the set can see, said before somebody reads too much into small changes. */
function resolution(gates: readonly Gate[]): string[] {
  const whole = gates.filter(({ compared, slice }) => compared && slice === "");
  if (whole.length === 0) return [];
  const parts = whole.map((gate) => `${placeOf(gate)}: ${shown(gate.compared!.resolves)} (${gate.count} questions)`);
  return [
    "<details><summary>Smallest drops that these questions can tell from chance</summary>",
    "",
    ...parts.map((part) => `- ${part}`),
    "",
    "</details>",
    "",
  ];
}

function flips(judged: readonly Judged[]): string[] {
  const worse = judged.filter(({ flip }) => flip === "worse");
  const better = judged.filter(({ flip }) => flip === "better").length;
  if (worse.length + better === 0) return [];
  const rows = worse.slice(0, MAX_FLIPS).map(({ suite, question, before }) => {
    const then = before?.text === undefined ? "(not kept)" : cell(before.text);
    return `| ${suite} ${question.id} | ${cell(question.question)} | ${then} | ${cell(answerShown(question))} |`;
  });
  const more = worse.length > MAX_FLIPS ? [`${worse.length - MAX_FLIPS} more are in report.html.`, ""] : [];
  return [
    `### ${worse.length} answers got worse, ${better} got better`,
    "",
    ...(rows.length > 0 ? ["| question | | before | now |", "|---|---|---|---|", ...rows, ""] : []),
    ...more,
  ];
}

function operations(suites: readonly RunSuite[], timings: Run["timings"]): string[] {
  const rows = suites.flatMap(({ name }) => {
    const own = timings[name]!;
    const { promptTokens, completionTokens, retries, cost } = consumptionOf(own);
    return operationsOf(own).map(({ name: what, requests, p50, p95 }, i) => {
      const used = i === 0 ? `${promptTokens} + ${completionTokens} | ${cost} | ${retries}` : "| |";
      return `| ${i === 0 ? name : ""} | ${what} | ${requests} | ${p50.toFixed(0)} | ${p95.toFixed(0)} | ${used} |`;
    });
  });
  return [
    "### Latency and cost",
    "",
    "| suite | | requests | p50 ms | p95 ms | tokens read + written | cost | retries |",
    "|---|---|--:|--:|--:|--:|--:|--:|",
    ...rows,
    "",
  ];
}

/** One line, without what a table or a tag would take for its own. */
function cell(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const short =
    Array.from(line).length > MAX_ANSWER_CHARS ? `${Array.from(line).slice(0, MAX_ANSWER_CHARS).join("")}…` : line;
  return plain(short);
}

const plain = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("|", "\\|").replaceAll("`", "\\`");
