import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type HtmlReportInput, htmlReport } from "./html-report.ts";
import { judgedQuestions } from "./judged.ts";
import { junitReport } from "./junit-report.ts";
import { markdownReport } from "./markdown-report.ts";

/** junit.xml for machines, report.md for a pull request, report.html to look into. */
export async function writeReports(input: Omit<HtmlReportInput, "judged">, folder: string): Promise<void> {
  const { run, decision, baselineOf } = input;
  const judged = judgedQuestions(run.results, run.timings, baselineOf);
  await writeFile(join(folder, "junit.xml"), junitReport(run.results, decision));
  await writeFile(join(folder, "report.md"), markdownReport(run, decision, judged, baselineOf));
  await writeFile(join(folder, "report.html"), htmlReport({ ...input, judged }));
}
