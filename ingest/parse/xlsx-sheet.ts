import { AppError } from "#shared/errors.ts";
import { isDatePattern, shownNumber } from "./cell-format.ts";
import type { Workbook } from "./xlsx-workbook.ts";
import { isOn, readXml } from "./xml.ts";

/** Of a whole workbook. */
export const MAX_ROWS = 200_000;
export const MAX_CELLS = 2_000_000;
const MAX_COLUMN = 16_384;
const MAX_ROW_NUMBER = 1_048_576;
/** Real sheets have a few dozen; each costs its length. */
const MAX_RANGES = 2_000;

export type Cell = { readonly text: string; readonly isWord: boolean };
/** Cells by column, from 1; empty ones are left out. */
export type SheetRow = { readonly number: number; readonly cells: Map<number, Cell> };
export type SheetRows = { readonly rows: readonly SheetRow[]; readonly hiddenRows: ReadonlySet<number> };
/** What may still be read of a workbook. */
export type Budget = { rows: number; cells: number };

type Range = { readonly top: number; readonly left: number; readonly bottom: number; readonly right: number };

/**
 * The rows of a sheet that it shows, with what its cells show. Hidden rows and columns are left out; rows that only a
 * filter hides are not, a filter is a view of the moment. Throws `too_large` where the budget ends.
 */
export function readSheet(xml: Uint8Array, workbook: Workbook, budget: Budget): SheetRows {
  const rows: SheetRow[] = [];
  const hiddenRows = new Set<number>();
  const hiddenColumns = new Set<number>();
  const merged: Range[] = [];
  let filtered: Range | undefined;
  let isFiltered = false;
  let row: SheetRow | undefined;
  let number = 0;
  let column = 0;
  let cell: { type: string; style: number } | undefined;
  let value = "";
  let phonetic = 0;
  let inValue = false;

  function endCell(): void {
    const shown = cell && shownCell(cell, value, workbook);
    cell = undefined;
    if (!row || !shown || shown.text === "" || hiddenColumns.has(column)) return;
    budget.cells -= 1;
    if (budget.cells < 0) throw new AppError("too_large", `This workbook has more than ${MAX_CELLS} cells. Split it.`);
    row.cells.set(column, shown);
  }

  function endRow(): void {
    if (row && row.cells.size > 0) {
      budget.rows -= 1;
      if (budget.rows < 0) throw new AppError("too_large", `This workbook has more than ${MAX_ROWS} rows. Split it.`);
      rows.push(row);
    }
    row = undefined;
  }

  readXml(xml, {
    open(name, attributes) {
      switch (name) {
        case "sheetPr":
          isFiltered = isOn(attributes.filterMode);
          break;
        case "col":
          if (isOn(attributes.hidden)) addColumns(hiddenColumns, Number(attributes.min), Number(attributes.max));
          break;
        case "row":
          number = rowOf(attributes.r) ?? number + 1;
          column = 0;
          if (isOn(attributes.hidden)) hiddenRows.add(number);
          row = { number, cells: new Map() };
          break;
        case "c":
          column = attributes.r === undefined ? column + 1 : columnOf(attributes.r);
          cell = { type: attributes.t ?? "n", style: Number(attributes.s ?? 0) };
          value = "";
          break;
        case "rPh":
          phonetic += 1;
          break;
        case "v":
        case "t":
          inValue = cell !== undefined && phonetic === 0;
          break;
        case "autoFilter":
          filtered = rangeOf(attributes.ref);
          break;
        case "filterColumn":
          isFiltered = true;
          break;
        case "mergeCell": {
          const range = rangeOf(attributes.ref);
          if (range && range.bottom > range.top && merged.length < MAX_RANGES) merged.push(range);
        }
      }
    },
    text(words) {
      if (inValue) value += words;
    },
    close(name) {
      inValue = false;
      if (name === "rPh") phonetic -= 1;
      if (name === "c") endCell();
      if (name === "row") endRow();
    },
  });
  for (const hidden of hiddenRows) if (isFiltered && inRows(filtered, hidden)) hiddenRows.delete(hidden);
  const shown = rows.filter((one) => !hiddenRows.has(one.number)).sort((a, b) => a.number - b.number);
  fillDown(shown, merged, budget);
  return { rows: shown, hiddenRows };
}

function shownCell({ type, style }: { type: string; style: number }, value: string, workbook: Workbook): Cell {
  const flat = value.replace(/\s+/g, " ").trim();
  if (type === "s") return { text: (workbook.strings[Number(flat)] ?? "").replace(/\s+/g, " ").trim(), isWord: true };
  if (type === "b") return { text: flat === "" ? "" : flat === "1" ? "TRUE" : "FALSE", isWord: false };
  if (type === "d") return { text: flat, isWord: false };
  if (type !== "n" || flat === "") return { text: flat, isWord: type !== "e" };
  const pattern = workbook.patterns[style] ?? "General";
  const isYear = /^(19|20)\d\d$/.test(flat) && !isDatePattern(pattern);
  // A year at the top of a column is its name.
  return { text: shownNumber(flat, pattern, workbook.from1904), isWord: isYear };
}

/** What is merged over several rows belongs to each of them, or only the first could be read on its own. */
function fillDown(rows: readonly SheetRow[], merged: readonly Range[], budget: Budget): void {
  for (const { top, bottom, left } of merged) {
    const from = rows.findIndex(({ number }) => number >= top);
    const cell = from >= 0 && rows[from]!.number === top ? rows[from]!.cells.get(left) : undefined;
    if (!cell) continue;
    for (let i = from + 1; i < rows.length && rows[i]!.number <= bottom && budget.cells > 0; i++) {
      budget.cells -= 1;
      rows[i]!.cells.set(left, cell);
    }
  }
}

function addColumns(hidden: Set<number>, from: number, to: number): void {
  for (let column = from; column <= Math.min(to, MAX_COLUMN) && hidden.size < MAX_COLUMN; column++) hidden.add(column);
}

function inRows(range: Range | undefined, row: number): boolean {
  return range === undefined || (row >= range.top && row <= range.bottom);
}

function rowOf(reference: string | undefined): number | undefined {
  const row = Number(reference);
  return Number.isInteger(row) && row >= 1 && row <= MAX_ROW_NUMBER ? row : undefined;
}

/** `BC12` → 55. */
function columnOf(reference: string): number {
  let column = 0;
  for (const letter of reference.match(/^[A-Z]{1,3}/i)?.[0].toUpperCase() ?? "")
    column = column * 26 + letter.charCodeAt(0) - 64;
  return column;
}

function rangeOf(reference: string | undefined): Range | undefined {
  const ends = /^([A-Z]+)(\d+):([A-Z]+)(\d+)$/i.exec(reference?.replaceAll("$", "") ?? "");
  if (!ends) return undefined;
  return { top: Number(ends[2]), bottom: Number(ends[4]), left: columnOf(ends[1]!), right: columnOf(ends[3]!) };
}
