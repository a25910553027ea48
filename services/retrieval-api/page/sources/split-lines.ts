import { shownText } from "../markdown/shown-text.ts";

export type TextPiece = { readonly text: string; readonly marked: boolean };
export type TextLine = {
  readonly pieces: readonly TextPiece[];
  readonly heading: boolean;
  /** Whether it follows the line before it without an empty one between them. */
  readonly tight: boolean;
};

/** A line this long without a break is cut, so that one line of megabytes is not one element. */
const MAX_LINE = 4000;
const MAX_HEADING = 80;
const SENTENCE_END = /[.!?:;,。！？：；，|}]$/;
const CODE = /[=_/\\|{}<>]|--|\$ /;

/**
 * The paragraphs of a text and, in them, what lies in `[from, to)`, in UTF-16 units. The normalised text has lost what
 * was a heading; a short line of its own between empty ones that does not end like a sentence looks like one.
 */
export function splitLines(text: string, from: number, to: number): TextLine[] {
  const lines: TextLine[] = [];
  let empty = true;
  for (let at = 0; at <= text.length; ) {
    const newline = text.indexOf("\n", at);
    const lineEnd = newline < 0 ? text.length : newline;
    const end = Math.min(lineEnd, at + MAX_LINE);
    const line = text.slice(at, end);
    if (line.trim() !== "") {
      const alone = empty && (newline < 0 || text[newline + 1] === "\n" || newline + 1 === text.length);
      const heading =
        alone && line.length <= MAX_HEADING && !SENTENCE_END.test(line.trim()) && !/^\s/.test(line) && !CODE.test(line);
      lines.push({ heading, tight: !empty, pieces: cut(line, from - at, to - at) });
    }
    empty = line.trim() === "";
    at = end === lineEnd ? lineEnd + 1 : end;
  }
  return lines;
}

function cut(line: string, from: number, to: number): TextPiece[] {
  const [start, end] = [Math.max(0, Math.min(line.length, from)), Math.max(0, Math.min(line.length, to))];
  const pieces = [
    { text: line.slice(0, start), marked: false },
    { text: line.slice(start, end), marked: true },
    { text: line.slice(end), marked: false },
  ];
  return pieces.filter(({ text }) => text !== "").map(({ text, marked }) => ({ text: shownText(text), marked }));
}
