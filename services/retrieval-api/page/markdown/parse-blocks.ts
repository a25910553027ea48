import type { Block } from "./block.ts";
import { cellsOf, delimiterOf } from "./table-cells.ts";

/** Deeper structure than any reader follows is shown as plain text, so that the time stays linear. */
const MAX_DEPTH = 8;
const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+|$)/;
const RULE = /^ {0,3}(?:-[ \t]*){3,}$|^ {0,3}(?:\*[ \t]*){3,}$|^ {0,3}(?:_[ \t]*){3,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,12})([-*+]|\d{1,9}[.)])( {1,4}|\t|$)/;
/** Of a line that says what follows; a longer one is text, however it begins. */
const MAX_SIGN_LENGTH = 200;

/**
 * The blocks of a Markdown text, in time linear in its length: model output is untrusted, and a parser that
 * backtracks can be made to stop the page. Raw HTML, reference links and images have no meaning here.
 */
export const parseBlocks = (text: string): Block[] => parseLines(text.split("\n")).map(({ block }) => block);

/** Besides a block, the line behind it. Which block it is was decided by the lines up to that one and the next. */
export type PlacedBlock = { readonly block: Block; readonly next: number };

export function parseLines(lines: readonly string[], depth = 0): PlacedBlock[] {
  const placed: PlacedBlock[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]!.trim() === "") {
      at += 1;
      continue;
    }
    const [block, next] = blockAt(lines, at, depth);
    placed.push({ block, next });
    at = next;
  }
  return placed;
}

const blocksOf = (lines: readonly string[], depth: number): Block[] =>
  parseLines(lines, depth).map(({ block }) => block);

/** The block that begins at a line, and the line behind it. */
function blockAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const line = lines[at]!;
  const fence = fenceOf(line);
  if (fence) return codeAt(lines, at, fence[1]!, fence[2] ?? "");
  const heading = HEADING.exec(line);
  if (heading) {
    const text = line
      .slice(heading[0].length)
      .trim()
      .replace(/(?:^|[ \t])#{1,6}$/, "");
    return [{ type: "heading", depth: heading[1]!.length, text, raw: line }, at + 1];
  }
  if (isRule(line)) return [{ type: "rule", raw: line }, at + 1];
  if (depth < MAX_DEPTH) {
    if (QUOTE.test(line)) return quoteAt(lines, at, depth);
    if (ITEM.test(line)) return listAt(lines, at, depth);
  }
  return tableAt(lines, at) ?? paragraphAt(lines, at, depth);
}

const isRule = (line: string): boolean => line.length <= MAX_SIGN_LENGTH && RULE.test(line);
const fenceOf = (line: string): RegExpExecArray | null => (line.length <= MAX_SIGN_LENGTH ? FENCE.exec(line) : null);

function codeAt(lines: readonly string[], at: number, fence: string, language: string): [Block, number] {
  const indent = lines[at]!.length - lines[at]!.trimStart().length;
  let end = at + 1;
  while (end < lines.length && !closes(lines[end]!, fence)) end += 1;
  const inner = lines
    .slice(at + 1, end)
    .map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)));
  const next = Math.min(end + 1, lines.length);
  return [{ type: "code", language, text: inner.join("\n"), raw: lines.slice(at, next).join("\n") }, next];
}

function closes(line: string, fence: string): boolean {
  const text = line.trim();
  return text.length >= fence.length && text.startsWith(fence) && text === fence[0]!.repeat(text.length);
}

function quoteAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end]!)) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [{ type: "quote", blocks: blocksOf(inner, depth + 1), raw: lines.slice(at, end).join("\n") }, end];
}

function listAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  const first = ITEM.exec(lines[at]!)!;
  const base = first[1]!.length;
  const ordered = /\d/.test(first[2]!);
  const items: Block[][] = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]!);
    if (!item || item[1]!.length > base + 1 || item[1]!.length < base || /\d/.test(item[2]!) !== ordered) break;
    if (isRule(lines[end]!)) break;
    const indent = item[0].length;
    const inner = [lines[end]!.slice(indent)];
    end += 1;
    while (end < lines.length && continues(lines, end, base)) {
      const line = lines[end]!;
      inner.push(line.slice(Math.min(indent, line.length - line.trimStart().length)));
      end += 1;
    }
    items.push(blocksOf(inner, depth + 1));
    // A blank line between two items leaves them one list.
    if (lines[end]?.trim() === "" && ITEM.test(lines[end + 1] ?? "")) end += 1;
  }
  const start = ordered ? Number.parseInt(first[2]!, 10) : 1;
  return [{ type: "list", ordered, start, items, raw: lines.slice(at, end).join("\n") }, end];
}

/** Whether a line still belongs to the item before it: it is indented, or goes on with its paragraph. */
function continues(lines: readonly string[], at: number, base: number): boolean {
  const line = lines[at]!;
  const indent = line.length - line.trimStart().length;
  if (line.trim() === "") {
    const next = lines[at + 1] ?? "";
    return next.trim() !== "" && next.length - next.trimStart().length >= base + 2;
  }
  if (indent >= base + 2) return true;
  return lines[at - 1]!.trim() !== "" && !startsBlock(line);
}

const startsBlock = (line: string): boolean =>
  fenceOf(line) !== null || HEADING.test(line) || QUOTE.test(line) || ITEM.test(line) || isRule(line);

function tableAt(lines: readonly string[], at: number): [Block, number] | undefined {
  const head = cellsOf(lines[at]!);
  const align = head && delimiterOf(lines[at + 1] ?? "");
  if (!head || !align || align.length !== head.length) return undefined;
  const rows: string[][] = [];
  let end = at + 2;
  for (; end < lines.length; end++) {
    const cells = cellsOf(lines[end]!);
    if (!cells || lines[end]!.trim() === "") break;
    rows.push(align.map((_, column) => cells[column] ?? ""));
  }
  return [{ type: "table", align, head, rows, raw: lines.slice(at, end).join("\n") }, end];
}

function paragraphAt(lines: readonly string[], at: number, depth: number): [Block, number] {
  let end = at + 1;
  const plain = depth >= MAX_DEPTH;
  while (end < lines.length && lines[end]!.trim() !== "" && (plain || !startsBlock(lines[end]!))) end += 1;
  const raw = lines.slice(at, end).join("\n");
  return [{ type: "paragraph", text: raw.trim(), raw }, end];
}
