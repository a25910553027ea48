import { figureOf, shown } from "../gate/gates.ts";
import type { Decision } from "../gate/verdict.ts";
import type { MetricName } from "../metrics/registry.ts";
import type { Results, RunSuite } from "../results.ts";

/** What a run ends with on a terminal: the means by language, then the verdict and why. */
export function terminalReport({ suites }: Results, { verdict, reasons, notes }: Decision, folder: string): string {
  const lines = suites.flatMap((suite) =>
    suite.status === "skipped" ? [`${suite.name}: skipped, ${suite.reason}`] : tableOf(suite),
  );
  const listed = (title: string, texts: readonly string[]): string[] =>
    texts.length === 0 ? [] : ["", title, ...texts.map((text) => `  ${text}`)];
  return [...lines, ...listed("Notes", notes), ...listed("Reasons", reasons), "", `${verdict}  ${folder}`, ""].join(
    "\n",
  );
}

function tableOf({ name, questions }: RunSuite): string[] {
  const languages = [...new Set(questions.map(({ language }) => language))].sort();
  const names = [...new Set(questions.flatMap(({ values }) => Object.keys(values) as MetricName[]))];
  const head = `${name.padEnd(24)} ${languages.map((language) => language.padStart(7)).join(" ")}   (${questions.length} questions)`;
  const rows = names.map((metric) => {
    const cells = languages.map((language) => {
      const rows = questions.flatMap((question) => {
        const value = question.values[metric];
        return value === undefined || question.language !== language ? [] : [{ question, value }];
      });
      const figure = figureOf(metric, rows);
      return (Number.isNaN(figure) ? "–" : shown(figure)).padStart(7);
    });
    return `  ${metric.padEnd(22)} ${cells.join(" ")}`;
  });
  return [head, ...rows];
}
