import { typeOfFormat } from "#shared/formats.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { countText, writeLines } from "./table-lines.ts";
import { titleOf } from "./title.ts";
import { linesOfSheet } from "./xlsx-lines.ts";
import { MAX_CELLS, MAX_ROWS, readSheet } from "./xlsx-sheet.ts";
import { readWorkbook } from "./xlsx-workbook.ts";
import { openParts } from "./zip-parts.ts";

/** A workbook as its readers see it: sheets are headings, and every row says what its values are. */
export function parseXlsx(bytes: Uint8Array, name: string): Parsed {
  const parts = openParts(bytes);
  const workbook = readWorkbook(parts);
  const outline = openOutline();
  const counted = countText();
  const budget = { rows: MAX_ROWS, cells: MAX_CELLS };
  for (const { name: sheet, part } of workbook.sheets) {
    const xml = parts.read(part);
    const tables = xml ? linesOfSheet(readSheet(xml, workbook, budget), counted) : [];
    if (tables.length === 0) continue;
    outline.heading(1, sheet);
    for (const table of tables) writeLines(outline, table);
  }
  return { title: titleOf(name), mediaType: typeOfFormat("xlsx"), parser: "xlsx/1", ...outline.finish() };
}
