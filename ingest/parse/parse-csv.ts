import { type Info, parse } from "csv-parse/sync";
import { AppError } from "#shared/errors.ts";
import { normaliseSource } from "./normalise.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { countText, lineOf, writeLines } from "./table-lines.ts";
import { titleOf } from "./title.ts";

const MAX_ROWS = 200_000;
const MAX_COLUMNS = 1_000;
const MAX_RECORD_LENGTH = 1_000_000;
/** Every row becomes a line that says what its values are, `name: value; name: value`, so that it is found on its own. */
export function parseCsv(source: string, name: string): Parsed {
  const text = normaliseSource(source);
  const rows = readRows(text, delimiterOf(text, name));
  const header = headerOf(rows);
  const counted = countText();
  const lines = rows
    .slice(header ? 1 : 0)
    .map(({ number, cells }) => ({ number, text: counted(lineOf(cells, header)) }));
  if (lines.length === 0 && header) lines.push({ number: rows[0]!.number, text: header.join(" | ") });
  const outline = openOutline();
  writeLines(outline, lines);
  return { title: titleOf(name), mediaType: "text/csv", parser: "csv/1", ...outline.finish() };
}

type Row = { readonly number: number; readonly cells: readonly string[] };

function readRows(text: string, delimiter: string): Row[] {
  let records: { info: Info; record: string[] }[];
  try {
    records = parse(text, {
      info: true,
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: MAX_RECORD_LENGTH,
      to: MAX_ROWS + 1,
    }) as unknown as typeof records;
  } catch (error) {
    const why = "This table cannot be read: a quote is never closed, or a row is longer than 1 MB.";
    throw new AppError("unreadable_document", why, { cause: error });
  }
  if (records.length > MAX_ROWS) {
    throw new AppError("too_large", `This table has more than ${MAX_ROWS} rows. Split it into several files.`);
  }
  if (records.some(({ record }) => record.length > MAX_COLUMNS)) {
    throw new AppError("too_large", `This table has more than ${MAX_COLUMNS} columns.`);
  }
  return records.map(({ info, record }) => ({
    // As spreadsheets count: empty lines are rows, line breaks inside a cell are not.
    number: info.records + info.empty_lines,
    cells: record.map((cell) => cell.replace(/\s+/g, " ").trim()),
  }));
}

/** Spreadsheets write `;` where the decimal sign is a comma: the most frequent candidate in the first lines wins. */
function delimiterOf(text: string, name: string): string {
  if (/\.tsv$/i.test(name)) return "\t";
  const sample = text
    .slice(0, 10_000)
    .split("\n", 10)
    .join("\n")
    .replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t", "|"].map((candidate) => ({ candidate, count: sample.split(candidate).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).candidate;
}

/** The first row names the columns if its cells are words, all different: numbers and gaps are data. */
function headerOf(rows: readonly Row[]): readonly string[] | undefined {
  const first = rows[0]?.cells;
  if (!first || first.length < 2 || new Set(first).size < first.length) return undefined;
  return first.every((cell) => cell !== "" && Number.isNaN(Number(cell.replaceAll(",", ".")))) ? first : undefined;
}
