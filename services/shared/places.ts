/** What a place in an original is counted in. Pages have a field of their own; sheets and chapters are headings. */
export const PLACE_UNITS = ["slide", "row", "record", "line", "message"] as const;
export type PlaceUnit = (typeof PLACE_UNITS)[number];

/** Counted from 1, as the program that shows the original counts; both ends belong to it. */
export type Place = { readonly unit: PlaceUnit; readonly from: number; readonly to: number };

/**
 * Where the lines of a passage stand in the original: from its line `run[0]` on (from 0), they are number `run[1]` and the
 * numbers behind it. Slides and messages have many lines, so their number stays the same.
 */
export type Places = { readonly unit: PlaceUnit; readonly runs: readonly (readonly [line: number, number: number])[] };

/** Whether each line of the text is one of the unit. */
export const countsLines = (unit: PlaceUnit): boolean => unit !== "slide" && unit !== "message";

/** Where `[start, end)` of a passage's text stands, in UTF-16 units. */
export function placeIn(places: Places, text: string, start: number, end: number): Place {
  const first = linesIn(text, 0, start);
  const last = first + linesIn(text, start, end);
  return { unit: places.unit, from: numberAt(places, first), to: numberAt(places, last) };
}

function numberAt({ unit, runs }: Places, line: number): number {
  const [from, number] = runs.findLast(([start]) => start <= line) ?? runs[0] ?? [line, 1];
  return countsLines(unit) ? number + line - from : number;
}

function linesIn(text: string, start: number, end: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", start); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
