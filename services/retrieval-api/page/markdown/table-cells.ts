import type { Align } from "./block.ts";

/** More columns than a reader can follow; such a line is text. */
const MAX_COLUMNS = 40;
const MAX_ROW_LENGTH = 20_000;

/** The cells of a table's line, or `undefined` when it is not one. A bar behind a backslash or in code divides nothing. */
export function cellsOf(line: string): string[] | undefined {
  if (line.length > MAX_ROW_LENGTH || !line.includes("|")) return undefined;
  const cells: string[] = [];
  let cell = "";
  let inCode = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === "\\" && line[at + 1] === "|") {
      cell += "|";
      at += 1;
      continue;
    }
    if (char === "`") inCode = !inCode;
    if (char === "|" && !inCode) {
      cells.push(cell.trim());
      cell = "";
    } else cell += char;
  }
  cells.push(cell.trim());
  const inner = cells.slice(cells[0] === "" ? 1 : 0, cells.length > 1 && cells.at(-1) === "" ? -1 : cells.length);
  return inner.length > 0 && inner.length <= MAX_COLUMNS ? inner : undefined;
}

/** How the columns below a delimiter row are aligned, or `undefined` when the line is none. */
export function delimiterOf(line: string): Align[] | undefined {
  if (!/^[ \t|:-]+$/.test(line) || !line.includes("-")) return undefined;
  const cells = cellsOf(line.includes("|") ? line : `|${line}|`);
  if (!cells?.every((cell) => /^:?-+:?$/.test(cell))) return undefined;
  return cells.map((cell) => {
    const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
    return left && right ? "center" : right ? "right" : left ? "left" : undefined;
  });
}
