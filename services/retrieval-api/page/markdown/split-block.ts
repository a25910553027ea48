import type { Block, Part } from "./block.ts";

/** In characters: what is drawn at one go. More than a screen of text, and less than a browser stumbles over. */
const MOST = 2000;
/** Of a paragraph that is longer, a piece ends with a sentence behind this many characters. */
const LEAST = 1400;
const MOST_LINES = 50;
/** In pieces: columns of a table in pieces are all equally wide, which is less than a table of its own does. */
const MOST_WHOLE_TABLE = 5;
/** What an element costs besides its letters. */
const ELEMENT = 60;
/** With the citation marks behind it. A line that is broken there reads as if its author had broken it. */
const SENTENCE_END =
  /(?:[.!?…](?:\s?[\ue000-\uf8ff])*(?=\s+[^\s\ue000-\uf8ff])|[。！？；](?:\s?[\ue000-\uf8ff])*(?=[^\s\ue000-\uf8ff])|\n)/g;
// Characters that no shown text has, so that no two lists have the same source.
const [ITEM_END, BLOCK_END] = ["\u0001", "\u0002"];

/** What drawing a block costs, in characters. */
export function weightOf(block: Block): number {
  if (block.type === "table") return block.rows.reduce((sum, row) => sum + rowWeight(row), ELEMENT);
  if (block.type === "list") return block.items.reduce((sum, item) => sum + itemWeight(item), ELEMENT);
  return block.raw.length + ELEMENT;
}
const rowWeight = (row: readonly string[]): number => row.reduce((sum, cell) => sum + cell.length + ELEMENT / 2, 0);
const itemWeight = (item: readonly Block[]): number => item.reduce((sum, one) => sum + weightOf(one), ELEMENT / 2);

/**
 * A block as pieces that are drawn one at a time: most are one piece. Where a cut lies depends on what is before it
 * alone, so that the pieces of a text that grows stay the same but for the last.
 */
export function splitBlock(block: Block): Block[] {
  if (block.raw.length <= MOST && block.type !== "list" && block.type !== "table") return [block];
  switch (block.type) {
    case "paragraph":
    case "heading":
      return numbered(cutText(block.text).map((text) => ({ ...block, text, raw: text })));
    case "code": {
      const pieces = cutCode(block.text);
      return numbered(pieces.map((text) => ({ ...block, text, raw: text, whole: block.text })));
    }
    case "quote": {
      const groups = grouped(block.blocks.flatMap(splitBlock), weightOf);
      return numbered(groups.map((blocks) => ({ ...block, blocks, raw: rawOf(blocks) })));
    }
    case "table": {
      const rows = grouped(block.rows, rowWeight);
      if (rows.length <= MOST_WHOLE_TABLE) return [block];
      return numbered(rows.map((some) => ({ ...block, rows: some, raw: some.flat().join(BLOCK_END) })));
    }
    case "list":
      return splitList(block);
    default:
      return [block];
  }
}

type List = Extract<Block, { type: "list" }>;

/** An item that is long by itself, as one that holds a list, is cut inside. */
function splitList(list: List): Block[] {
  const weights = new Map(
    list.items.map((item) => [item, ELEMENT + item.reduce((sum, one) => sum + weightOf(one), 0)]),
  );
  const pieces: Block[] = [];
  let number = list.start;
  const add = (items: List["items"], goesOn: boolean): void => {
    const raw = `${number}${items.map(rawOf).join(ITEM_END)}`;
    pieces.push({ type: "list", ordered: list.ordered, start: number, items, raw, ...(goesOn && { goesOn }) });
    number += items.length;
  };
  for (const items of grouped(list.items, (item) => weights.get(item)!)) {
    if (items.length > 1 || weights.get(items[0]!)! <= MOST) {
      add(items, false);
      continue;
    }
    const inner = grouped(items[0]!.flatMap(splitBlock), weightOf);
    for (const [i, blocks] of inner.entries()) {
      // What goes on with an item does not count as one.
      if (i > 0) number -= 1;
      add([blocks], i > 0);
    }
  }
  return pieces.length <= 1 ? [list] : numbered(pieces);
}

const rawOf = (blocks: readonly Block[]): string => blocks.map(({ raw }) => raw).join(BLOCK_END);

function numbered(pieces: readonly Block[]): Block[] {
  if (pieces.length === 1) return [pieces[0]!];
  const partOf = (i: number): Part => (i === 0 ? "first" : i === pieces.length - 1 ? "last" : "middle");
  return pieces.map((piece, i) => ({ ...piece, part: partOf(i) }));
}

/** One after another, in groups that weigh little; what weighs more by itself is a group of its own. */
export function grouped<T>(all: readonly T[], weigh: (one: T) => number): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const one of all) {
    const weight = weigh(one);
    if (weight > room) {
      groups.push([]);
      room = MOST;
    }
    groups.at(-1)!.push(one);
    room -= weight;
  }
  return groups;
}

function cutText(text: string): string[] {
  const pieces: string[] = [];
  let at = 0;
  while (text.length - at > MOST) {
    const end = at + endOfPiece(text.slice(at, at + MOST));
    pieces.push(text.slice(at, end));
    at = end;
  }
  return [...pieces, text.slice(at)];
}

/** Behind a sentence, or else behind a word, or else wherever no character is cut in two. */
function endOfPiece(text: string): number {
  SENTENCE_END.lastIndex = LEAST;
  const found = SENTENCE_END.exec(text);
  if (found) return found.index + found[0].length;
  const space = text.lastIndexOf(" ");
  if (space >= LEAST) return space + 1;
  return /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
}

/** Whole lines; of a line longer than a piece, as much as fits. */
function cutCode(text: string): string[] {
  const pieces: string[] = [];
  let piece: string[] = [];
  let length = 0;
  const end = (): void => {
    if (piece.length > 0) pieces.push(piece.join("\n"));
    [piece, length] = [[], 0];
  };
  for (const line of text.split("\n")) {
    if (piece.length === MOST_LINES || length + line.length > MOST) end();
    for (const part of line.length > MOST ? cutLine(line) : [line]) {
      if (length > 0 && line.length > MOST) end();
      piece.push(part);
      length += part.length + 1;
    }
  }
  end();
  return pieces;
}

function cutLine(line: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < line.length; ) {
    const part = line.slice(at, at + MOST);
    const whole = /[\ud800-\udbff]$/.test(part) && at + MOST < line.length ? part.slice(0, -1) : part;
    parts.push(whole);
    at += whole.length;
  }
  return parts;
}
