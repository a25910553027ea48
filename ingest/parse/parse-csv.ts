import { parse } from "csv-parse/sync";
import { AppError } from "#shared/errors.ts";
import { normaliseSource } from "./normalise.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

const MAX_ROWS = 200_000;
const MAX_COLUMNS = 1_000;
const MAX_RECORD_LENGTH = 1_000_000;
/** Rows of one block; the chunker packs and splits them further. */
const ROWS_PER_BLOCK = 20;

/** Every row becomes a line that says what its values are, `name: value; name: value`, so that it is found on its own. */
export function parseCsv(source: string, name: string): Parsed {
  const text = normaliseSource(source);
  const rows = readRows(text, delimiterOf(text, name));
  const header = headerOf(rows);
  const lines = rows.slice(header ? 1 : 0).map((row) => lineOf(row, header));
  if (lines.length === 0 && header) lines.push(header.join(" | "));
  const outline = openOutline();
  const filled = lines.filter((line) => line !== "");
  for (let i = 0; i < filled.length; i += ROWS_PER_BLOCK) {
    outline.add("table", filled.slice(i, i + ROWS_PER_BLOCK).join("\n"), { tight: i > 0 });
  }
  return { title: titleOf(name), mediaType: "text/csv", parser: "csv/1", ...outline.finish() };
}

function readRows(text: string, delimiter: string): string[][] {
  let rows: string[][];
  try {
    rows = parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: MAX_RECORD_LENGTH,
      to: MAX_ROWS + 1,
    });
  } catch (error) {
    const why = "This table cannot be read: a quote is never closed, or a row is longer than 1 MB.";
    throw new AppError("unreadable_document", why, { cause: error });
  }
  if (rows.length > MAX_ROWS) {
    throw new AppError("too_large", `This table has more than ${MAX_ROWS} rows. Split it into several files.`);
  }
  if (rows.some((row) => row.length > MAX_COLUMNS)) {
    throw new AppError("too_large", `This table has more than ${MAX_COLUMNS} columns.`);
  }
  return rows.map((row) => row.map((cell) => cell.replace(/\s+/g, " ").trim()));
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
function headerOf(rows: readonly string[][]): readonly string[] | undefined {
  const first = rows[0];
  if (!first || first.length < 2 || new Set(first).size < first.length) return undefined;
  return first.every((cell) => cell !== "" && Number.isNaN(Number(cell.replaceAll(",", ".")))) ? first : undefined;
}

function lineOf(row: readonly string[], header: readonly string[] | undefined): string {
  if (!header) return row.some((cell) => cell !== "") ? row.join(" | ") : "";
  const named = row.map((cell, i) => (cell === "" ? "" : header[i] ? `${header[i]}: ${cell}` : cell));
  return named.filter((cell) => cell !== "").join("; ");
}
