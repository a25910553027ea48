import { MAX_TEXT_LENGTH, type Outline, tooMuchText } from "./outline.ts";

/** Rows of one block; the chunker packs and splits them further. */
const ROWS_PER_BLOCK = 20;

/** A row as a line of text, with the number that a spreadsheet shows beside it. */
export type TableLine = { readonly number: number; readonly text: string };

/** `name: value; name: value` for a row of a table that names its columns, so that it is found and read on its own. */
export function lineOf(row: readonly string[], header: readonly string[] | undefined): string {
  if (!header) return row.some((cell) => cell !== "") ? row.join(" | ") : "";
  const named = row.map((cell, i) => (cell === "" ? "" : header[i] ? `${header[i]}: ${cell}` : cell));
  return named.filter((cell) => cell !== "").join("; ");
}

/** Counts the lines of a document as they are made: a long header that every row repeats is too much before it is written. */
export function countText(): (text: string) => string {
  let length = 0;
  return (text) => {
    length += text.length + 1;
    if (length > MAX_TEXT_LENGTH) throw tooMuchText();
    return text;
  };
}

/** Writes rows that follow each other as blocks; where numbers are missing, another block begins. */
export function writeLines(outline: Outline, lines: readonly TableLine[], { tight = false } = {}): void {
  let block: TableLine[] = [];
  let written = 0;
  const flush = () => {
    if (block.length === 0) return;
    const place = { unit: "row", number: block[0]!.number } as const;
    outline.add("table", block.map(({ text }) => text).join("\n"), { tight: tight || written > 0, place });
    written += 1;
    block = [];
  };
  for (const line of lines) {
    if (line.text === "") continue;
    const last = block.at(-1);
    if (last && (line.number !== last.number + 1 || block.length >= ROWS_PER_BLOCK)) flush();
    block.push(line);
  }
  flush();
}
