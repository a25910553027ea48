import type { Language } from "#shared/language.ts";
import type { QuestionResult } from "../results.ts";
import { type Html, html } from "./html.ts";

const BINS = 10;
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [420, 240, 44, 40];
const MAX_RADIUS = 12;

type Bin = { readonly from: number; readonly count: number; readonly answerable: number };

/** Questions by support score, and how many of each tenth are answerable. */
export function reliabilityBins(questions: readonly QuestionResult[]): Bin[] {
  const bins = Array.from({ length: BINS }, (_, i) => ({ from: i / BINS, count: 0, answerable: 0 }));
  for (const { observation, expect } of questions) {
    const support = observation.answer?.support;
    if (support === undefined) continue;
    const bin = bins[Math.min(BINS - 1, Math.floor(support * BINS))]!;
    bin.count += 1;
    if (expect === "answered") bin.answerable += 1;
  }
  return bins.filter(({ count }) => count > 0);
}

/**
 * How far the support score can be trusted to refuse: what share of the questions of each tenth of the score is
 * answerable. A sharp rise at the threshold is good; the area of a point is the number of questions.
 */
export function reliabilityPlot(
  questions: readonly QuestionResult[],
  language: Language,
  threshold: number,
): Html | undefined {
  const bins = reliabilityBins(questions.filter((question) => question.language === language));
  if (bins.length === 0) return undefined;
  const most = Math.max(...bins.map(({ count }) => count));
  const x = (share: number): string => (LEFT + share * (WIDTH - LEFT - 12)).toFixed(1);
  const y = (share: number): string => (12 + (1 - share) * (HEIGHT - BOTTOM - 12)).toFixed(1);
  const points = bins.map(({ from, count, answerable }) => ({
    at: from + 0.5 / BINS,
    share: answerable / count,
    count,
    answerable,
  }));
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return html`<figure>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Share of answerable questions by support score, ${language}">
${ticks.map(
  (
    tick,
  ) => html`<line class="grid" x1="${x(0)}" x2="${x(1)}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="${LEFT - 6}" y="${y(tick)}" text-anchor="end" dominant-baseline="middle">${tick * 100}%</text>
<text class="tick" x="${x(tick)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick}</text>`,
)}
<rect class="refused" x="${x(0)}" y="${y(1)}" width="${(Number(x(threshold)) - Number(x(0))).toFixed(1)}" height="${(Number(y(0)) - Number(y(1))).toFixed(1)}"/>
<line class="threshold" x1="${x(threshold)}" x2="${x(threshold)}" y1="${y(0)}" y2="${y(1)}"/>
<polyline class="curve" points="${points.map(({ at, share }) => `${x(at)},${y(share)}`).join(" ")}"/>
${points.map(({ at, share, count, answerable }) => html`<circle class="point" cx="${x(at)}" cy="${y(share)}" r="${Math.max(2.5, MAX_RADIUS * Math.sqrt(count / most)).toFixed(1)}"><title>support ${at.toFixed(2)}: ${answerable} of ${count} questions are answerable</title></circle>`)}
<text class="label" x="${x(0.5)}" y="${HEIGHT - 4}" text-anchor="middle">support score; shaded: refused (below ${threshold})</text>
</svg>
<figcaption>${language}: share of answerable questions by support score</figcaption>
</figure>`;
}
