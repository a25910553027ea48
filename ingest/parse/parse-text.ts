import { typeOfFormat } from "#shared/formats.ts";
import { normaliseSource } from "./normalise.ts";
import { type Outline, openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

/** Paragraphs with their lines; plain text has no headings that could be told from short lines. */
export function parseText(source: string, name: string): Parsed {
  const outline = openOutline();
  writeText(outline, source, { hasLines: true });
  return { title: titleOf(name), mediaType: typeOfFormat("text"), parser: "text/1", ...outline.finish() };
}

/** Paragraphs end at blank lines. */
export function writeText(outline: Outline, source: string, { hasLines = false } = {}): void {
  let lines: string[] = [];
  for (const [i, line] of [...normaliseSource(source).split("\n"), ""].entries()) {
    if (line.trim() !== "") {
      lines.push(line);
    } else if (lines.length > 0) {
      const place = { unit: "line", number: i - lines.length + 1 } as const;
      outline.add("paragraph", lines.join("\n"), hasLines ? { place } : {});
      lines = [];
    }
  }
}
