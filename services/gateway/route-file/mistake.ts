export type Path = readonly (string | number)[];

/** What is wrong at a place of the file and what to do about it; `line` where the path alone does not lead there. */
export type Mistake = { readonly path: Path; readonly problem: string; readonly line?: number | undefined };

/** One error with every mistake, in the order of the file, a line each: `models.chat.kind: must be … (line 12)`. */
export function invalidRouteFile(mistakes: readonly Mistake[], lineOf: (path: Path) => number | undefined): Error {
  const lines = mistakes
    .map(({ path, problem, line = lineOf(path) }) => ({ text: `${written(path)}: ${problem}`, line }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ text, line }) => (line === undefined ? text : `${text} (line ${line})`));
  return new Error(`Invalid route file:\n  ${[...new Set(lines)].join("\n  ")}`);
}

/** `models.chat.tiers[0]`; names with other characters than these in quotes. */
function written(path: Path): string {
  if (path.length === 0) return "the file";
  return path
    .map((step) => {
      if (typeof step === "number") return `[${step}]`;
      return /^[\w-]+$/.test(step) ? `.${step}` : `[${quoted(step)}]`;
    })
    .join("")
    .replace(/^\./, "");
}

const maxQuotedLength = 60;

/** Text of the file for a message: on one line, and no longer than a reader needs to find it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > maxQuotedLength ? `${text.slice(0, maxQuotedLength)}…` : text);
}
