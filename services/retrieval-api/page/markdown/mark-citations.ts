import { isIndexing } from "#shared/is-indexing.ts";
import { FIRST_MARK, LAST_MARK } from "./parse-inline.ts";
import { shownText } from "./shown-text.ts";

const RUN = /(?:\s*\[\d{1,3}\])+/g;
const MARKER = /\[(\d{1,3})\]/g;
const MAX_MARKS = LAST_MARK - FIRST_MARK + 1;

/** A marker in the text of an answer: its number, and which of the answer's citations it is, if that is known. */
export type Mark = { readonly number: number; readonly citation: number | undefined };
export type MarkedText = { readonly text: string; readonly marks: readonly Mark[] };

/**
 * Puts one private-use character in the place of each `[n]`, so that Markdown leaves them alone. The service lists
 * citations in the order of their markers; `citations` are their numbers, or `undefined` while they are not known.
 */
export function markCitations(answer: string, citations: readonly number[] | undefined): MarkedText {
  const marks: Mark[] = [];
  let text = "";
  let after = 0;
  let next = 0;
  for (const { 0: run, index: at } of answer.matchAll(RUN)) {
    // `containers[0].name` is code: the service does not count it, and neither may this.
    if (
      run.startsWith("[") &&
      isIndexing(answer.slice(Math.max(0, at - 2), at), answer.slice(at + run.length, at + run.length + 3))
    )
      continue;
    for (const { 0: found, 1: digits, index } of run.matchAll(MARKER)) {
      const number = Number(digits);
      const known = citations?.[next] === number;
      if ((citations && !known) || marks.length === MAX_MARKS) continue;
      text += shownText(answer.slice(after, at + index)) + String.fromCharCode(FIRST_MARK + marks.length);
      after = at + index + found.length;
      marks.push({ number, citation: known ? next : undefined });
      next += 1;
    }
  }
  return { text: text + shownText(answer.slice(after)), marks };
}
