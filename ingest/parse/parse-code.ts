import { typeOfFormat } from "#shared/formats.ts";
import { type CodeSection, codeSections } from "./code-sections.ts";
import { normaliseSource } from "./normalise.ts";
import { type Outline, openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

/** Source code with its lines; functions, classes and their methods are sections. The text is the code and nothing else. */
export function parseCode(source: string, name: string): Parsed {
  const file = name.split(/[\\/]/).at(-1)!;
  const extension = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  const lines = normaliseSource(source).split("\n");
  const outline = openOutline();
  for (const section of codeSections(lines, extension)) writeSection(outline, lines, section);
  // With its extension: `index.ts` is not `index.css`.
  return { title: titleOf(name, file), mediaType: typeOfFormat("code"), parser: "code/1", ...outline.finish() };
}

/** Blank lines part a section into blocks, so that passages end there; each knows its line. */
function writeSection(outline: Outline, lines: readonly string[], { path, start, end }: CodeSection): void {
  outline.section(path);
  let from = start;
  for (let i = start; i <= end; i++) {
    if (i < end && lines[i]!.trim() !== "") continue;
    if (i > from) outline.add("code", lines.slice(from, i).join("\n"), { place: { unit: "line", number: from + 1 } });
    from = i + 1;
  }
}
