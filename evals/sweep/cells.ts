import type { Sweep } from "./sweep-file.ts";

export type Change = Readonly<Record<string, string | number>>;
type Json = { [name: string]: unknown };

const MAX_CELLS = 200;

/** Every combination of the grid's values; the first cell changes nothing. Throws when there are too many. */
export function cellsOf({ grid }: Sweep): Change[] {
  let cells: Change[] = [{}];
  for (const [field, values] of Object.entries(grid)) {
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [field]: value })));
  }
  if (cells.length > MAX_CELLS) throw new Error(`The grid has ${cells.length} cells; at most ${MAX_CELLS} are run.`);
  return [{}, ...cells];
}

/** A release with some of its fields changed. Throws for a field that it does not have. */
export function changed(release: object, change: Change): object {
  const copy = structuredClone(release) as Json;
  for (const [field, value] of Object.entries(change)) {
    const names = field.split(".");
    const last = names.pop()!;
    const parent = names.reduce<unknown>((at, name) => (at as Json | undefined)?.[name], copy) as Json | undefined;
    if (typeof parent !== "object" || !(last in parent)) throw new Error(`A release has no field "${field}".`);
    parent[last] = value;
  }
  return copy;
}
