import { codePointIndex } from "#shared/codepoints.ts";
import type { Block, Parsed } from "../parse/parsed.ts";
import { splitRange } from "./split-range.ts";
import { weigh } from "./weigh.ts";

/** In weight units: about 1,200 Latin or 500 Chinese characters. */
const TARGET_WEIGHT = 1_200;
const MAX_WEIGHT = 1_800;
/** A rest this small joins the passage before it. */
const SCRAP_WEIGHT = 240;

/** A retrievable span; `start` and `end` count code points, and `text` is exactly that slice of the text. */
export type Passage = {
  readonly start: number;
  readonly end: number;
  readonly headingPath: readonly string[];
  readonly page: number | undefined;
  readonly text: string;
};

type Span = { start: number; end: number; weight: number };

/**
 * Cuts a document along its structure. A passage never crosses a heading or a page; small neighbours are merged, code and
 * tables stay whole where they fit. Headings are left to `headingPath`, unless nothing else would make them findable.
 */
export function chunkDocument({ text, blocks }: Pick<Parsed, "text" | "blocks">): Passage[] {
  const toCodePoint = codePointIndex(text);
  const passages: Passage[] = [];
  const emit = (spans: readonly Span[], block: Block) => {
    for (const { start, end } of spans) {
      passages.push({
        start: toCodePoint(start),
        end: toCodePoint(end),
        headingPath: block.headingPath,
        page: block.page,
        text: text.slice(start, end),
      });
    }
  };
  for (let i = 0; i < blocks.length; ) {
    const block = blocks[i]!;
    if (block.kind === "heading") {
      if (isBare(block, blocks[i + 1])) emit([{ start: block.start, end: block.end, weight: 0 }], block);
      i += 1;
      continue;
    }
    const section = i;
    while (i < blocks.length && blocks[i]!.kind !== "heading" && blocks[i]!.page === block.page) i += 1;
    emit(pack(text, blocks.slice(section, i)), block);
  }
  return passages;
}

/** Whether a heading has neither words nor deeper headings under it. */
function isBare(heading: Block, next: Block | undefined): boolean {
  return !next || (next.kind === "heading" && next.headingPath.length <= heading.headingPath.length);
}

function pack(text: string, blocks: readonly Block[]): Span[] {
  const pieces = blocks.flatMap((block): Span[] => {
    const weight = weigh(text, block.start, block.end);
    if (weight <= MAX_WEIGHT) return [{ start: block.start, end: block.end, weight }];
    return splitRange(text, block, { target: TARGET_WEIGHT, maximum: MAX_WEIGHT });
  });
  const spans: Span[] = [];
  for (const piece of pieces) {
    const last = spans.at(-1);
    const joint = last ? last.weight + piece.weight : 0;
    if (last && (joint <= TARGET_WEIGHT || (piece.weight <= SCRAP_WEIGHT && joint <= MAX_WEIGHT))) {
      last.end = piece.end;
      last.weight = joint;
    } else {
      spans.push({ ...piece });
    }
  }
  return spans;
}
