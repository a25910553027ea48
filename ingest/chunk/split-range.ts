import type { Block } from "../parse/parsed.ts";
import { weigh, weightAt } from "./weigh.ts";

type Limits = { readonly target: number; readonly maximum: number };
type Span = { start: number; end: number; weight: number };

const SENTENCE_END = /\n|[.!?][)"'\]\u201D\u2019]*[ \t]+|[。！？；…][”’）】」』》"')]*/g;
const CLAUSE_END = /[,;:，、：][ \t]*|[ \t]+/g;
const LINE_END = /\n/g;
// Marks, skin tones and joined characters belong to the character before them.
const CONTINUES = /^(\p{M}|[\u{1F3FB}-\u{1F3FF}]|[\uFF9E\uFF9F])/u;

/** Cuts a block over the maximum: code, tables and lists at line ends, prose at sentence ends, then clauses, then anywhere. */
export function splitRange(text: string, block: Pick<Block, "kind" | "start" | "end">, limits: Limits): Span[] {
  const ends = block.kind === "paragraph" ? [SENTENCE_END] : [LINE_END, SENTENCE_END];
  return cut(text, block.start, block.end, [...ends, CLAUSE_END], limits);
}

function cut(text: string, start: number, end: number, ends: readonly RegExp[], limits: Limits): Span[] {
  const [pattern, ...finer] = ends;
  const parts = pattern ? partsAt(text, start, end, pattern) : hardParts(text, start, end, limits.target);
  const spans: Span[] = [];
  for (const part of parts) {
    const last = spans.at(-1);
    if (part.weight > limits.maximum && pattern) spans.push(...cut(text, part.start, part.end, finer, limits));
    else if (last && last.weight + part.weight <= limits.target) {
      last.end = part.end;
      last.weight += part.weight;
    } else spans.push({ ...part });
  }
  return spans.map((span) => trim(text, span)).filter((span) => span.end > span.start);
}

function partsAt(text: string, start: number, end: number, pattern: RegExp): Span[] {
  const parts: Span[] = [];
  let from = start;
  for (const match of text.slice(start, end).matchAll(pattern)) {
    const to = start + match.index + match[0].length;
    if (to >= end) break;
    parts.push({ start: from, end: to, weight: weigh(text, from, to) });
    from = to;
  }
  parts.push({ start: from, end, weight: weigh(text, from, end) });
  return parts;
}

/** For text without any place to stop: fixed sizes, but never inside a character as a reader counts them. */
function hardParts(text: string, start: number, end: number, target: number): Span[] {
  const parts: Span[] = [];
  let from = start;
  let weight = 0;
  for (let i = start; i < end; i++) {
    const more = weightAt(text, i);
    if (weight + more > target && isBoundary(text, i)) {
      parts.push({ start: from, end: i, weight });
      from = i;
      weight = 0;
    }
    weight += more;
    // A run of marks without end is no character: cut it between code points.
    if (weight > target * 1.4 && !isLowSurrogate(text, i + 1)) {
      parts.push({ start: from, end: Math.min(i + 1, end), weight });
      from = Math.min(i + 1, end);
      weight = 0;
    }
  }
  if (from < end) parts.push({ start: from, end, weight });
  return parts;
}

function isBoundary(text: string, index: number): boolean {
  if (isLowSurrogate(text, index)) return false;
  return !CONTINUES.test(text.slice(index, index + 2));
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit < 0xe000;
}

/** White space at the edges is nobody's; indentation of a first line of code is kept. */
function trim(text: string, { start, end, weight }: Span): Span {
  let from = start;
  let to = end;
  while (to > from && /\s/.test(text[to - 1]!)) to -= 1;
  while (from < to && text[from] === "\n") from += 1;
  return { start: from, end: to, weight };
}
