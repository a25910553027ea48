import { normaliseSource } from "./normalise.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

/** Paragraphs end at blank lines; plain text has no headings that could be told from short lines. */
export function parseText(source: string, name: string): Parsed {
  const outline = openOutline();
  let lines: string[] = [];
  for (const line of [...normaliseSource(source).split("\n"), ""]) {
    if (line.trim() !== "") {
      lines.push(line);
    } else if (lines.length > 0) {
      outline.add("paragraph", lines.join("\n"));
      lines = [];
    }
  }
  return { title: titleOf(name), mediaType: "text/plain", parser: "text/1", ...outline.finish() };
}
