import { codePointIndex } from "#shared/codepoints.ts";
import { countsLines, type Places } from "#shared/places.ts";
import type { Block, Parsed } from "../parse/parsed.ts";
import { lineCounter, placesOf } from "./places-of.ts";
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
  readonly places?: Places;
  readonly text: string;
};

type Span = { start: number; end: number; weight: number };

/**
 * Cuts a document along its structure. A passage never crosses a heading, page or slide; small neighbours are merged, code and
 * tables stay whole where they fit. Headings are left to `headingPath`, unless nothing else would make them findable.
 */
export function chunkDocument({ text, blocks }: Pick<Parsed, "text" | "blocks">): Passage[] {
  const toCodePoint = codePointIndex(text);
  const passages: Passage[] = [];
  const linesIn = blocks.some(({ place }) => place) ? lineCounter(text) : () => 0;
  const emit = (spans: readonly Span[], section: readonly Block[]) => {
    const block = section[0]!;
    const places = placesOf(section, spans, linesIn);
    for (const [i, { start, end }] of spans.entries()) {
      const place = places[i];
      passages.push({
        start: toCodePoint(start),
        end: toCodePoint(end),
        headingPath: block.headingPath,
        page: block.page,
        ...(place && { places: place }),
        text: text.slice(start, end),
      });
    }
  };
  for (let i = 0; i < blocks.length; ) {
    const block = blocks[i]!;
    if (block.kind === "heading") {
      if (isBare(block, blocks[i + 1])) emit([{ start: block.start, end: block.end, weight: 0 }], [block]);
      i += 1;
      continue;
    }
    const start = i;
    while (i < blocks.length && isTogether(block, blocks[i]!)) i += 1;
    const section = blocks.slice(start, i);
    emit(pack(text, section), section);
  }
  return passages;
}

/** Whether what is behind a block may stand in one passage with it. */
function isTogether(first: Block, next: Block): boolean {
  if (next.kind === "heading" || next.page !== first.page || next.headingPath !== first.headingPath) return false;
  if (next.place?.unit !== first.place?.unit) return false;
  return !first.place || countsLines(first.place.unit) || next.place?.number === first.place.number;
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
