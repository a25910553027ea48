const FENCE = /^[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)$/;

/**
 * Removes HTML comments from Markdown before it is parsed. A parser alone is not enough: a comment that starts inside a
 * list item and goes on without indentation ends with the item, and the rest of it would become visible text.
 * Fenced code and code spans keep what they show.
 */
export function stripComments(markdown: string): string {
  if (!markdown.includes("<!--")) return markdown;
  const kept: string[] = [];
  let fence = "";
  let at = 0;
  while (at < markdown.length) {
    const newline = markdown.indexOf("\n", at);
    const lineEnd = newline < 0 ? markdown.length : newline + 1;
    const line = markdown.slice(at, lineEnd);
    const mark = FENCE.exec(line.trimEnd());
    if (fence !== "") {
      if (mark && closes(mark, fence)) fence = "";
    } else if (mark && !(mark[1]!.startsWith("`") && mark[2]!.includes("`"))) {
      fence = mark[1]!;
    } else {
      const open = commentStart(line);
      if (open >= 0) {
        kept.push(line.slice(0, open));
        at = commentEnd(markdown, at + open, line.slice(0, open).trim() === "");
        // Not closed and in the middle of a line: the characters are text.
        if (at < 0) {
          kept.push(line.slice(open));
          at = lineEnd;
        }
        continue;
      }
    }
    kept.push(line);
    at = lineEnd;
  }
  return kept.join("");
}

function closes(mark: RegExpExecArray, fence: string): boolean {
  return mark[1]![0] === fence[0] && mark[1]!.length >= fence.length && mark[2]!.trim() === "";
}

/** Index after the comment's end, the end of the text for a block that is never closed, or -1. `<!-->` is complete. */
function commentEnd(markdown: string, start: number, isBlock: boolean): number {
  const end = markdown.indexOf("-->", start + 2);
  if (end >= 0) return end + 3;
  return isBlock ? markdown.length : -1;
}

/** Where a comment starts in the line, outside code spans that close on the same line. */
function commentStart(line: string): number {
  let at = 0;
  for (;;) {
    const open = line.indexOf("<!--", at);
    const tick = line.indexOf("`", at);
    if (open < 0 || tick < 0 || open < tick) return open;
    let run = tick;
    while (line[run] === "`") run += 1;
    const close = closingRun(line, run, run - tick);
    at = close < 0 ? run : close;
  }
}

function closingRun(line: string, from: number, length: number): number {
  let at = from;
  for (;;) {
    const start = line.indexOf("`", at);
    if (start < 0) return -1;
    let end = start;
    while (line[end] === "`") end += 1;
    if (end - start === length) return end;
    at = end;
  }
}
