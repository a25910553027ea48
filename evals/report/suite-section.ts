import type { Baseline } from "../gate/baseline.ts";
import { type Gate, shown } from "../gate/gates.ts";
import { type Decision, placeOf } from "../gate/verdict.ts";
import { METRICS } from "../metrics/registry.ts";
import type { RunSuite, SuiteResult } from "../results.ts";
import { answeredBy } from "./answered-by.ts";
import { type Html, html } from "./html.ts";
import { reliabilityPlot } from "./reliability-plot.ts";
import { type Figure, languagesOf, summaryOf } from "./summary.ts";

const CHANGE = 0.0005;

type SectionInput = {
  readonly decision: Decision;
  readonly baselineOf: (suite: string) => Baseline | undefined;
  /** The release's support below which it refuses. */
  readonly threshold: number;
};

/** One suite: its figures beside those of before, right answers by kind, whether refusals can be trusted. */
export function suiteSection(suite: SuiteResult, { decision, baselineOf, threshold }: SectionInput): Html {
  if (suite.status === "skipped") {
    return html`<section class="suite" id="suite-${suite.name}"><h2>${suite.name} <span class="tier">${suite.tier}</span></h2><p class="skipped">Skipped: ${suite.reason}</p></section>`;
  }
  const languages = languagesOf(suite);
  const gates = decision.gates.filter((gate) => gate.suite === suite.name);
  const baseline = baselineOf(suite.name);
  const rows = summaryOf(suite, baseline).map(
    ({ metric, figures }) => html`<tr><th title="${METRICS[metric].says}">${metric}</th>
${languages.map((language) => {
  const own = gates.filter((gate) => gate.metric === metric && gate.language === language);
  const figure = figures.get(language);
  return html`${figureCell(figure, own, METRICS[metric].better)}${baseline && html`<td class="then">${figure?.before !== undefined && shown(figure.before)}</td>`}`;
})}<td class="says">${METRICS[metric].says}</td></tr>`,
  );
  const heads = languages.map(
    (language) => html`<th>${language}</th>${baseline && html`<th class="then">${baseline.name}</th>`}`,
  );
  const answered = answeredBy(suite);
  const plots = languages.flatMap((language) => reliabilityPlot(suite.questions, language, threshold) ?? []);
  return html`<section class="suite" id="suite-${suite.name}">
<h2>${suite.name} <span class="tier">${suite.tier}</span></h2>
<p>${suite.description}. ${suite.questions.length} questions${suite.sampled !== undefined && " (a sample)"}.${answered !== "" && ` Answered by ${answered}.`}</p>
<table class="summary"><thead><tr><th>metric</th>${heads}<th></th></tr></thead><tbody>${rows}</tbody></table>
${kindTable(suite)}
${plots.length > 0 && html`<h3>Can the support score be trusted to refuse?</h3><div class="plots">${plots}</div>`}
</section>`;
}

function figureCell(figure: Figure | undefined, gates: readonly Gate[], better: "higher" | "lower"): Html {
  if (!figure) return html`<td>–</td>`;
  const { value, before } = figure;
  const state = ["fail", "unsure", "pass"].find((verdict) => gates.some((gate) => gate.verdict === verdict)) ?? "free";
  const bound = gates.find((gate) => gate.bound !== undefined && gate.slice === "")?.bound;
  const compared = gates.find((gate) => gate.compared && gate.slice === "")?.compared;
  const title = [
    `${figure.count} questions`,
    ...(bound === undefined ? [] : [`${better === "higher" ? "floor" : "ceiling"} ${shown(bound)}`]),
    ...(compared
      ? [
          `drop ${shown(compared.drop)}, 95 % interval ${shown(compared.interval.low)} to ${shown(compared.interval.high)}, allowed ${shown(compared.maxDrop)}, tells drops from ${shown(compared.resolves)} on`,
        ]
      : []),
    ...gates.filter(({ verdict }) => verdict !== "pass").map((gate) => `${placeOf(gate)}: ${gate.reason}`),
  ].join("\n");
  const moved = before !== undefined && Math.abs(value - before) > CHANGE;
  const good = before !== undefined && value > before === (better === "higher");
  return html`<td class="figure ${state}" title="${title}"><b>${shown(value)}</b>${moved && html` <span class="${good ? "up" : "down"}">${good ? "▲" : "▼"}${shown(Math.abs(value - before!))}</span>`}${bound !== undefined && html` <small>${better === "higher" ? "≥" : "≤"} ${Number(bound.toFixed(3))}</small>`}</td>`;
}

/** Right answers by kind of question and language: where the trouble is. */
function kindTable({ questions }: RunSuite): Html | false {
  const kinds = [...new Set(questions.map(({ kind }) => kind))].sort();
  const languages = [...new Set(questions.map(({ language }) => language))].sort();
  const name = questions.some(({ values }) => values.answer_correct !== undefined)
    ? "answer_correct"
    : "outcome_correct";
  const cells = kinds.map((kind) => ({
    kind,
    shares: languages.map((language) => {
      const own = questions.flatMap((question) => {
        const value = question.values[name] ?? question.values.outcome_correct;
        return question.kind !== kind || question.language !== language || value === undefined ? [] : [value];
      });
      return own.length === 0 ? undefined : { share: own.reduce((a, b) => a + b, 0) / own.length, count: own.length };
    }),
  }));
  if (kinds.length < 2 || cells.every(({ shares }) => shares.every((one) => one === undefined))) return false;
  return html`<h3>Right answers by kind</h3><table class="kinds"><tbody>${cells.map(
    ({ kind, shares }) =>
      html`<tr><th>${kind}</th>${shares.map((one, i) =>
        one
          ? html`<td><span class="bar"><i style="width:${(one.share * 100).toFixed(0)}%"></i></span> ${languages[i]!} ${(one.share * 100).toFixed(0)}% <small>of ${one.count}</small></td>`
          : html`<td></td>`,
      )}</tr>`,
  )}</tbody></table>`;
}
