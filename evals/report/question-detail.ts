import type { Before } from "../gate/baseline.ts";
import { says } from "../metrics/answer-overlap.ts";
import type { MetricName } from "../metrics/registry.ts";
import { overlaps } from "../metrics/spans.ts";
import type { Cited } from "../observation.ts";
import type { QuestionResult } from "../results.ts";
import type { Gold } from "../suite-data.ts";
import { type Html, html } from "./html.ts";
import { answerShown, type Judged } from "./judged.ts";
import { sourceExcerpts } from "./source-excerpt.ts";

const MARKER = /\[(\d{1,3})\]/g;
const MAX_RESULTS = 10;

/** What one question's row opens to: the answer now and before, its evidence in the source, and what was found. */
export function questionDetail(judged: Judged, texts: ReadonlyMap<string, string>, then: string): Html {
  const { question, before, timing } = judged;
  const { history, observation, values } = question;
  const times = [
    ["search", timing?.searchMs],
    ["first words", timing?.firstDeltaMs],
    ["answer", timing?.chatMs],
  ].flatMap(([name, ms]) => (typeof ms === "number" ? [`${name} ${ms.toFixed(0)} ms`] : []));
  return html`<div class="detail">
${history.length > 0 && html`<p class="history">Before: ${history.map(({ content }) => html`<q>${content}</q> `)}</p>`}
<div class="sides">
<section><h4>Now <span class="outcome">${observation.answer?.outcome ?? "no answer asked"}</span> ${observation.answer?.models.join(" + ")}</h4>${answerOf(question)}</section>
<section><h4>${then} <span class="outcome">${before?.outcome}</span></h4>${beforeOf(before)}</section>
</div>
${factsOf(question)}
${evidenceOf(question, texts)}
${foundOf(question)}
<table class="values"><tbody>${Object.entries(values).map(([name, value]) => valueRow(name as MetricName, value, before))}</tbody></table>
<p class="meta">${times.join(" · ")}${timing?.answerId && html` · lineage <code>${timing.answerId}</code>`}</p>
</div>`;
}

function answerOf(question: QuestionResult): Html {
  const answer = question.observation.answer;
  const shown = answerShown(question);
  if (!answer || shown !== answer.text) return html`<p class="answer">${shown || "–"}</p>`;
  return withMarkers(shown, answer.citations);
}

/** The answer with its markers coloured by what they are worth. */
function withMarkers(text: string, citations: readonly Cited[]): Html {
  const verified = new Map(citations.map((one) => [one.marker, one.verified]));
  const pieces: Html[] = [];
  let from = 0;
  for (const match of text.matchAll(MARKER)) {
    const state = verified.get(Number(match[1]));
    const name = state === undefined ? "unresolved" : state ? "verified" : "unverified";
    pieces.push(html`${text.slice(from, match.index)}<span class="marker ${name}" title="${name}">${match[0]}</span>`);
    from = match.index + match[0].length;
  }
  return html`<p class="answer">${pieces}${text.slice(from)}</p>`;
}

function beforeOf(before: Before | undefined): Html {
  if (!before) return html`<p class="answer none">Nothing to compare with.</p>`;
  const { text, citations, values } = before;
  if (text === undefined) return html`<p class="answer none">The text of the answer was not kept.</p>`;
  if ((values.leaks ?? 0) > 0) return html`<p class="answer none">(withheld: it gives away secrets)</p>`;
  return citations ? withMarkers(text, citations) : html`<p class="answer">${text}</p>`;
}

function factsOf({ facts, observation, values }: QuestionResult): Html | false {
  if (facts.length === 0) return false;
  const text = (values.leaks ?? 0) > 0 ? "" : (observation.answer?.text ?? "");
  return html`<p class="facts">Expected: ${facts.map((fact) => {
    const said = says(text, fact);
    return html`<span class="fact ${said ? "said" : "missing"}">${said ? "✓" : "✗"} ${fact.slice(0, 4).join(" / ")}</span> `;
  })}</p>`;
}

function evidenceOf({ gold, observation, values }: QuestionResult, texts: ReadonlyMap<string, string>): Html {
  // What an answer with secrets cites may hold them as well.
  const citations = (values.leaks ?? 0) > 0 ? [] : (observation.answer?.citations ?? []);
  const documents = [...new Set([...citations, ...gold].map(({ document }) => document))];
  return html`<div class="evidence">${documents.map((document) => {
    const marks = [
      ...citations.filter((one) => one.document === document).map((one) => ({ ...one, kind: "cited" as const })),
      ...gold.filter((one) => one.document === document).map((one) => ({ ...one, kind: "gold" as const })),
    ];
    const numbers = [
      ...new Set(citations.filter((one) => one.document === document).map(({ marker }) => `[${marker}]`)),
    ];
    const text = texts.get(document);
    const excerpts =
      text === undefined || text === "" ? quotes(citations, gold, document) : sourceExcerpts(text, marks);
    return html`<section><h5>${numbers.join(" ")} <code>${document}</code></h5>${excerpts}</section>`;
  })}</div>`;
}

/** Without the document's text: the quotes alone. */
function quotes(citations: readonly Cited[], gold: readonly Gold[], document: string): Html[] {
  const own = (one: { document: string }): boolean => one.document === document;
  return [
    ...citations.filter(own).map(({ quote }) => html`<p class="excerpt"><mark class="cited">${quote}</mark></p>`),
    ...gold
      .filter(own)
      .map(({ quote }) => html`<p class="excerpt"><mark class="gold">${quote ?? "the whole document"}</mark></p>`),
  ];
}

function foundOf({ gold, observation }: QuestionResult): Html | false {
  const { results } = observation;
  if (!results) return false;
  const items = results.slice(0, MAX_RESULTS).map((one) => {
    const hit = gold.some((wanted) => overlaps(wanted, one));
    return html`<li class="${hit ? "hit" : "miss"}"><code>${one.document}</code> ${one.start}–${one.end}${hit && " ✓"}</li>`;
  });
  return html`<details class="found"><summary>Found (${results.length})</summary><ol>${items}</ol></details>`;
}

function valueRow(name: MetricName, value: number, before: Before | undefined): Html {
  const then = before?.values[name];
  const changed = then !== undefined && Math.abs(then - value) > 0.0005;
  return html`<tr><th>${name}</th><td>${Number(value.toFixed(3))}</td><td class="${changed ? "changed" : ""}">${then === undefined ? "" : Number(then.toFixed(3))}</td></tr>`;
}
