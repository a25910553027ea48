import { codePointLength, sliceCodePoints } from "#shared/codepoints.ts";
import type { Place } from "../metrics/spans.ts";
import { type Html, html } from "./html.ts";

/** Code points of the document shown around what is marked. */
const CONTEXT = 160;

type Mark = Place & { readonly kind: "cited" | "gold" };

/**
 * The parts of a document that hold marks, with some text around them. Cited text and gold evidence are marked, each in
 * its own way; where they meet, both ways. Offsets are code points.
 */
export function sourceExcerpts(text: string, marks: readonly Mark[]): Html[] {
  const length = codePointLength(text);
  const placed = marks
    .flatMap(({ kind, start, end }) => (start === undefined || end === undefined ? [] : [{ kind, start, end }]))
    .sort((a, b) => a.start - b.start);
  const windows: { from: number; to: number }[] = [];
  for (const { start, end } of placed) {
    const [from, to] = [Math.max(0, start - CONTEXT), Math.min(length, end + CONTEXT)];
    const last = windows.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else windows.push({ from, to });
  }
  return windows.map(({ from, to }) => {
    const inside = placed.filter(({ start, end }) => start < to && end > from);
    const cuts = [...new Set([from, to, ...inside.flatMap(({ start, end }) => [start, end])])]
      .filter((cut) => cut >= from && cut <= to)
      .sort((a, b) => a - b);
    const pieces = cuts.slice(1).map((to, i) => {
      const start = cuts[i]!;
      const kinds = [
        ...new Set(inside.filter((mark) => mark.start <= start && mark.end >= to).map(({ kind }) => kind)),
      ].sort();
      // One line break is enough to see where a paragraph ends.
      const piece = sliceCodePoints(text, start, to).replaceAll(/\n{2,}/g, "\n");
      return kinds.length === 0 ? html`${piece}` : html`<mark class="${kinds.join(" ")}">${piece}</mark>`;
    });
    return html`<p class="excerpt">${from > 0 && "…"}${pieces}${to < length && "…"}</p>`;
  });
}
