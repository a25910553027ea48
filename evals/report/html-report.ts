import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import type { Baseline } from "../gate/baseline.ts";
import type { Decision, Verdict } from "../gate/verdict.ts";
import type { RunSuite } from "../results.ts";
import type { Run } from "../run.ts";
import { type Html, html } from "./html.ts";
import type { Judged } from "./judged.ts";
import { consumptionOf, operationsOf } from "./operations.ts";
import { questionDetail } from "./question-detail.ts";
import { suiteSection } from "./suite-section.ts";

/** Questions of one suite that are listed: all of the shipped set, and of large sets those that are worth a look. */
const MAX_LISTED = 600;

export type HtmlReportInput = {
  readonly run: Run;
  readonly decision: Decision;
  readonly judged: readonly Judged[];
  readonly baselineOf: (suite: string) => Baseline | undefined;
  /** The release's support below which it refuses. */
  readonly threshold: number;
};

/** One page with everything in it: no other file and no network is needed to read it. */
export function htmlReport(input: HtmlReportInput): string {
  const { run, decision, judged, baselineOf } = input;
  const { results } = run;
  const ran = results.suites.filter((suite): suite is RunSuite => suite.status === "run");
  const script = stripTypeScriptTypes(asset("report.ts"));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evaluation: ${decision.verdict}</title>
<style>${{ html: asset("report.css") }}</style>
</head>
<body>
<header class="${classOf(decision.verdict)}">
<h1><span class="verdict">${decision.verdict}</span> Evaluation of release ${results.release.name}</h1>
<p>release <code>${results.release.digest.slice(0, 12)}</code> · code <code>${results.code.revision.slice(0, 12)}</code>${results.code.changed && " with changes"} · ${judged.length} questions</p>
${listOf("Reasons", decision.reasons)}
${listOf("Notes", decision.notes)}
<nav>${results.suites.map(({ name, status }) => html`<a class="${stateOf(name, status, decision)}" href="#suite-${name}">${name}</a> `)}<a href="#operations">latency and cost</a> <a href="#questions">questions</a></nav>
</header>
<main>
${results.suites.map((suite) => suiteSection(suite, input))}
${operations(ran, run.timings)}
<section id="questions">
<h2>Questions</h2>
${filters(judged)}
<p class="meta">A row opens to the answer now and before, with its evidence: <mark class="cited">cited</mark>, <mark class="gold">gold evidence</mark>.</p>
<table class="questions"><thead><tr>${["suite", "id", "language", "kind", "question", "right", "nDCG", "citations", "ms"].map((name) => html`<th><button type="button">${name}</button></th>`)}</tr></thead>
${listed(judged).map((one) => questionRow(one, run.texts.get(one.suite) ?? new Map(), baselineOf(one.suite)?.name ?? "Before"))}
</table>
${judged.length > listed(judged).length && html`<p class="meta">${judged.length - listed(judged).length} right and unchanged questions of large suites are not listed; results.json has them.</p>`}
</section>
</main>
<script>${{ html: script }}</script>
</body>
</html>
`;
  return page.html;
}

const asset = (name: string): string => readFileSync(join(import.meta.dirname, "page", name), "utf8");
const classOf = (verdict: Verdict): string => verdict.toLowerCase().replace("-", "");

/** The worst that a suite's gates say. */
function stateOf(suite: string, status: "run" | "skipped", { gates }: Decision): string {
  if (status === "skipped") return "unsure";
  const verdicts = new Set(gates.filter((gate) => gate.suite === suite).map(({ verdict }) => verdict));
  return (["fail", "unsure", "pass"] as const).find((one) => verdicts.has(one)) ?? "free";
}

const listOf = (title: string, texts: readonly string[]): Html | false =>
  texts.length > 0 &&
  html`<details ${{ html: title === "Reasons" ? "open" : "" }}><summary>${title} (${texts.length})</summary><ul>${texts.map((text) => html`<li>${text}</li>`)}</ul></details>`;

function operations(suites: readonly RunSuite[], timings: Run["timings"]): Html {
  const rows = suites.flatMap(({ name }) => {
    const own = timings[name]!;
    const { promptTokens, completionTokens, cost, retries } = consumptionOf(own);
    return operationsOf(own).map(
      ({ name: what, requests, p50, p95, max }, i) =>
        html`<tr><th>${i === 0 && name}</th><td>${what}</td><td>${requests}</td><td>${p50.toFixed(0)}</td><td>${p95.toFixed(0)}</td><td>${max.toFixed(0)}</td><td>${i === 0 && `${promptTokens} + ${completionTokens}`}</td><td>${i === 0 && cost}</td><td>${i === 0 && String(retries)}</td></tr>`,
    );
  });
  return html`<section id="operations"><h2>Latency and cost</h2>
<table class="summary"><thead><tr>${["suite", "", "requests", "p50 ms", "p95 ms", "max ms", "tokens read + written", "cost", "retries"].map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></section>`;
}

const listed = (judged: readonly Judged[]): readonly Judged[] => {
  const seen = new Map<string, number>();
  return judged.filter(({ suite }) => {
    const count = (seen.get(suite) ?? 0) + 1;
    seen.set(suite, count);
    return count <= MAX_LISTED;
  });
};

function filters(judged: readonly Judged[]): Html {
  const choices = (name: string, of: (one: Judged) => string): Html => {
    const values = [...new Set(judged.map(of))].sort();
    return html`<label>${name} <select data-filter="${name}"><option value="">all</option>${values.map((value) => html`<option>${value}</option>`)}</select></label>`;
  };
  return html`<form class="filters">
<label>text <input type="search" data-filter="text" placeholder="question, answer, document"></label>
${choices("suite", ({ suite }) => suite)}
${choices("language", ({ question }) => question.language)}
${choices("kind", ({ question }) => question.kind)}
<label>state <select data-filter="state"><option value="">all</option><option value="worse">got worse</option><option value="better">got better</option><option value="wrong">wrong</option><option value="right">right</option></select></label>
<output></output>
</form>`;
}

function questionRow(judged: Judged, texts: ReadonlyMap<string, string>, then: string): Html {
  const { suite, question, right, flip, timing } = judged;
  const { values } = question;
  const number = (value: number | undefined): string => (value === undefined ? "" : value.toFixed(2));
  const state = [flip, right ? "right" : "wrong"].filter(Boolean).join(" ");
  return html`<tbody data-suite="${suite}" data-language="${question.language}" data-kind="${question.kind}" data-state="${state}">
<tr class="row" tabindex="0" aria-expanded="false"><td>${suite}</td><td>${question.id}</td><td>${question.language}</td><td>${question.kind}</td><td class="text">${question.question}</td><td class="state ${state}">${right ? "✓" : "✗"}${flip && (flip === "worse" ? " ▼" : " ▲")}</td><td>${number(values["ndcg@10"])}</td><td>${number(values.citation_precision)}</td><td>${timing?.chatMs === undefined ? number(timing?.searchMs) : timing.chatMs.toFixed(0)}</td></tr>
<tr class="more" hidden><td colspan="9">${questionDetail(judged, texts, then)}</td></tr>
</tbody>`;
}
