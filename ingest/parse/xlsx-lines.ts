import { lineOf, type TableLine } from "./table-lines.ts";
import type { SheetRow, SheetRows } from "./xlsx-sheet.ts";

type Header = ReadonlyMap<number, string>;

/**
 * The tables of a sheet, which blank rows keep apart, as lines. A table without names of its own has those of the last.
 * `counted` sees every text as soon as it is made, and may throw.
 */
export function linesOfSheet({ rows, hiddenRows }: SheetRows, counted: (text: string) => string): TableLine[][] {
  const plain = (row: SheetRow) => ({ number: row.number, text: counted(lineOf(dense(row), undefined)) });
  const tables: TableLine[][] = [];
  let header: Header | undefined;
  for (const table of split(rows, hiddenRows)) {
    // One cell above a table is its caption.
    const first = table.findIndex(({ cells }) => cells.size > 1);
    const captions = first < 0 ? table : table.slice(0, first);
    const body = first < 0 ? [] : table.slice(first);
    const own = headerOf(body, header !== undefined);
    if (own) header = own;
    else if (header && !body.every((row) => isUnder(row, header!))) header = undefined;
    const lines = captions.map(plain);
    // Names without a row under them are words, too.
    if (own && body.length === 1) lines.push(plain(body[0]!));
    const named = header;
    for (const row of body.slice(own ? 1 : 0))
      lines.push(named ? { number: row.number, text: counted(withNames(row, named)) } : plain(row));
    tables.push(lines);
  }
  return tables;
}

function split(rows: readonly SheetRow[], hidden: ReadonlySet<number>): SheetRow[][] {
  const tables: SheetRow[][] = [];
  for (const [i, row] of rows.entries()) {
    const last = rows[i - 1];
    if (last && !hasGap(last.number, row.number, hidden)) tables.at(-1)!.push(row);
    else tables.push([row]);
  }
  return tables;
}

/** Whether a row that the sheet shows is empty between the two. */
function hasGap(above: number, below: number, hidden: ReadonlySet<number>): boolean {
  if (below - above - 1 > hidden.size) return true;
  for (let number = above + 1; number < below; number++) if (!hidden.has(number)) return true;
  return false;
}

/** The first row names the columns if its cells are words, all different, and most columns have one. */
function headerOf(rows: readonly SheetRow[], isLater: boolean): Header | undefined {
  const [first, ...below] = rows;
  if (!first || first.cells.size < 2) return undefined;
  const cells = [...first.cells.values()];
  if (cells.some(({ isWord }) => !isWord) || new Set(cells.map(({ text }) => text)).size < cells.length)
    return undefined;
  const width = Math.max(...below.slice(0, 50).map(({ cells }) => cells.size), 0);
  if (cells.length < width - 1 || cells.length < width / 2) return undefined;
  // Behind a blank row the table may simply go on: words above numbers are names, words above words may be anything.
  if (
    isLater &&
    !below.some((row) => [...first.cells.keys()].some((column) => row.cells.get(column)?.isWord === false))
  )
    return undefined;
  return new Map([...first.cells].map(([column, { text }]) => [column, text]));
}

function isUnder(row: SheetRow, header: Header): boolean {
  return [...row.cells.keys()].some((column) => header.has(column));
}

function withNames({ cells }: SheetRow, header: Header): string {
  const columns = [...cells.keys()].sort((a, b) => a - b);
  return lineOf(
    columns.map((column) => cells.get(column)!.text),
    columns.map((column) => header.get(column) ?? ""),
  );
}

function dense({ cells }: SheetRow): string[] {
  return [...cells].sort(([a], [b]) => a - b).map(([, { text }]) => text);
}
