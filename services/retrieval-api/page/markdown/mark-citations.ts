import { isIndexing } from "#shared/is-indexing.ts";
import { MARKER_RUNS } from "#shared/marker-runs.ts";
import { FIRST_MARK, LAST_MARK } from "./parse-inline.ts";
import { shownText } from "./shown-text.ts";

const MARKER = /\[(\d{1,3})\]/g;
const MAX_MARKS = LAST_MARK - FIRST_MARK + 1;
/** Whatever a run of markers, or what tells that it is none, may consist of. */
const OF_RUN = /[\s[\]\d]/;
/** How much of what comes behind a run, and of a run itself, says what it is. */
const LOOKAHEAD = 12;

/** A marker in the text of an answer: its number, and which of the answer's citations it is, if that is known. */
export type Mark = { readonly number: number; readonly citation: number | undefined };
export type MarkedText = { readonly text: string; readonly marks: readonly Mark[] };

/**
 * Puts one private-use character in the place of each `[n]`, so that Markdown leaves them alone. The service lists
 * citations in the order of their markers; `citations` are their numbers, or `undefined` while they are not known.
 */
export function markCitations(answer: string, citations: readonly number[] | undefined): MarkedText {
  const marks: Mark[] = [];
  return { text: markSpan(answer, 0, answer.length, citations, marks), marks };
}

/** The marked text of `[from, to)` of an answer; its marks are added to those before it. No run may be cut in two. */
export function markSpan(
  answer: string,
  from: number,
  to: number,
  citations: readonly number[] | undefined,
  marks: Mark[],
): string {
  const span = answer.slice(from, to);
  let text = "";
  let after = 0;
  let next = marks.findLast(({ citation }) => citation !== undefined)?.citation ?? -1;
  for (const { 0: run, index } of span.matchAll(MARKER_RUNS)) {
    const at = from + index;
    // `containers[0].name` is code: the service does not count it, and neither may this.
    if (
      run.startsWith("[") &&
      isIndexing(answer.slice(Math.max(0, at - 2), at), answer.slice(at + run.length, at + run.length + 3))
    )
      continue;
    for (const { 0: found, 1: digits, index: inRun } of run.matchAll(MARKER)) {
      const number = Number(digits);
      const known = citations?.[next + 1] === number;
      if ((citations && !known) || marks.length === MAX_MARKS) continue;
      if (known) next += 1;
      text += shownText(span.slice(after, index + inRun)) + String.fromCharCode(FIRST_MARK + marks.length);
      after = index + inRun + found.length;
      marks.push({ number, citation: known ? next : undefined });
    }
  }
  return text + shownText(span.slice(after));
}

/** A place behind `from`, as near to the end as can be, where no more text can change what is before it. */
export function settledEnd(answer: string, from: number): number {
  for (let at = answer.length - LOOKAHEAD; at > from; at--) {
    const [before, behind] = [answer[at - 1]!, answer[at]!];
    if (!OF_RUN.test(before) && !OF_RUN.test(behind) && !/[\ud800-\udbff]/.test(before)) return at;
  }
  return from;
}
