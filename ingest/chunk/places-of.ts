import { countsLines, type Places } from "#shared/places.ts";
import type { Block } from "../parse/parsed.ts";

type Span = { readonly start: number; readonly end: number };

/** Answers how many line ends lie in `[start, end)` of a text, by a table that is made once. */
export function lineCounter(text: string): (start: number, end: number) => number {
  const ends: number[] = [];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) ends.push(at);
  const before = (index: number): number => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! < index) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (start, end) => before(end) - before(start);
}

/**
 * Where the lines of each span stand in the original. `blocks` and `spans` are in the order of the text, and all blocks
 * count in the same unit, or none does.
 */
export function placesOf(
  blocks: readonly Block[],
  spans: readonly Span[],
  linesIn: (start: number, end: number) => number,
): (Places | undefined)[] {
  const unit = blocks[0]?.place?.unit;
  if (!unit) return spans.map(() => undefined);
  const advances = countsLines(unit);
  let first = 0;
  return spans.map(({ start, end }) => {
    while (first < blocks.length - 1 && blocks[first]!.end <= start) first += 1;
    const runs: [number, number][] = [];
    for (let i = first; i < blocks.length && blocks[i]!.start < end; i++) {
      const block = blocks[i]!;
      const from = Math.max(block.start, start);
      const line = linesIn(start, from);
      const number = block.place!.number + (advances ? linesIn(block.start, from) : 0);
      const [lastLine, lastNumber] = runs.at(-1) ?? [0, Number.NaN];
      const expected = lastNumber + (advances ? line - lastLine : 0);
      if (number !== expected) runs.push([line, number]);
    }
    return { unit, runs };
  });
}
