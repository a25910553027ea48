import type { Block } from "./block.ts";
import { type Mark, markSpan, settledEnd } from "./mark-citations.ts";
import { parseLines } from "./parse-blocks.ts";
import { splitBlock, weightOf } from "./split-block.ts";

/** In characters; what is drawn at one go. */
const SECTION_WEIGHT = 2500;

/** Blocks that are drawn together. */
export type Section = readonly Block[];
export type TakenApart = { readonly sections: readonly Section[]; readonly marks: readonly Mark[] };

/** What of a text can no longer change, whatever comes behind it. */
type Settled = {
  /** How much of the answer, and what became of it. */
  end: number;
  text: string;
  marks: Mark[];
  /** How much of that text is in sections; the last of them may not be full yet. */
  blocksEnd: number;
  sections: Block[][];
};
const nothing = (): Settled => ({ end: 0, text: "", marks: [], blocksEnd: 0, sections: [] });

/**
 * Takes an answer apart as it grows. What was settled before is not looked at again: the time that one more word
 * takes does not depend on how many came before, and sections that did not change are the same objects.
 */
export function growingAnswer(): (answer: string, citations: readonly number[] | undefined) => TakenApart {
  let settled = nothing();
  let seen = "";
  let known: readonly number[] | undefined;
  return (answer, citations) => {
    if (citations !== known || !answer.startsWith(seen)) settled = nothing();
    [seen, known] = [answer, citations];
    const end = settledEnd(answer, settled.end);
    settled.text += markSpan(answer, settled.end, end, citations, settled.marks);
    settled.end = end;
    const marks = [...settled.marks];
    const text = settled.text + markSpan(answer, end, answer.length, citations, marks);

    const lines = text.slice(settled.blocksEnd).split("\n");
    const starts = lineStarts(lines, settled.blocksEnd);
    const open: Block[] = [];
    for (const { block, next } of parseLines(lines)) {
      // The line behind a block, and the one after that, have a say in where it ends.
      const decided = starts[next + 2] ?? Number.POSITIVE_INFINITY;
      if (open.length === 0 && decided <= settled.text.length) {
        addTo(settled.sections, splitBlock(block));
        settled.blocksEnd = starts[next]!;
      } else open.push(...splitBlock(block));
    }
    // Full sections are shared; the last one is a new object whenever it may be filled further.
    const sections = [...settled.sections.slice(0, -1), ...settled.sections.slice(-1).map((last) => [...last])];
    addTo(sections, open);
    return { sections, marks };
  };
}

function lineStarts(lines: readonly string[], from: number): number[] {
  let at = from;
  return lines.map(({ length }) => {
    const start = at;
    at += length + 1;
    return start;
  });
}

function addTo(sections: Block[][], blocks: readonly Block[]): void {
  for (const block of blocks) {
    const last = sections.at(-1);
    const weight = last?.reduce((sum, one) => sum + weightOf(one), weightOf(block)) ?? 0;
    if (last && weight <= SECTION_WEIGHT) last.push(block);
    else sections.push([block]);
  }
}

/** Whether two sections look the same. */
export const sameSection = (one: Section, other: Section): boolean =>
  one === other || (one.length === other.length && one.every((block, i) => sameBlock(block, other[i]!)));

const sameBlock = (one: Block, other: Block): boolean =>
  one === other || (one.type === other.type && one.part === other.part && one.raw === other.raw);
