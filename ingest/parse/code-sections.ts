import { definitionIn } from "./code-definitions.ts";

/** Lines `[start, end)` of a file, from 0, that belong to what `path` names. */
export type CodeSection = { readonly path: readonly string[]; readonly start: number; readonly end: number };

type Open = { readonly name: string; readonly indent: number; readonly isContainer: boolean };

/** Belongs to what is behind it: a comment, a decorator, an attribute. */
const LEADS = /^(\/\/|\/\*|\*|#|--|@|\[\w|template\s*<|"""|'''|%)/;
/** Belongs to what is before it. */
const ENDS = /^([})\]]|end\b|else\b|fi\b|esac\b|done\b|<\/)/;
const TAB = 4;
/** In characters: smaller neighbours share a section, or a file of one-line types would be a hundred passages. */
const SMALL = 300;
const JOINT = 1_200;
const MAX_NAME = 80;
/** Of names above a passage: generated code can nest without end. */
const MAX_LEVELS = 4;

/** Cuts a file where functions, classes and methods begin, going by indentation, which all languages here have. */
export function codeSections(lines: readonly string[], extension: string): CodeSection[] {
  const sections: CodeSection[] = [];
  const open: Open[] = [];
  let start = 0;
  let lead: number | undefined;
  let path: readonly string[] = [];
  const cutAt = (line: number) => {
    if (line > start) sections.push({ path, start, end: line });
    start = line;
    path = open.map(({ name }) => name);
  };
  for (const [i, line] of lines.entries()) {
    const code = line.trim();
    if (code === "") {
      lead = undefined;
      continue;
    }
    if (LEADS.test(code)) {
      lead ??= i;
      if (extension !== "ini" || !code.startsWith("[")) if (!definitionIn(code, extension)) continue;
    }
    const indent = indentOf(line);
    const depth = open.findIndex((one) => one.indent >= indent);
    const outer = depth < 0 ? open.at(-1) : open[depth - 1];
    const level = depth < 0 ? open.length : depth;
    const isSection = indent === 0 || (outer?.isContainer && level < MAX_LEVELS);
    const definition = isSection ? definitionIn(code, extension) : undefined;
    if (definition) {
      if (depth >= 0) open.length = depth;
      open.push({ ...definition, indent });
      cutAt(lead ?? i);
    } else if (depth >= 0 && !ENDS.test(code)) {
      open.length = depth;
      cutAt(lead ?? i);
    }
    lead = undefined;
  }
  open.length = 0;
  cutAt(lines.length);
  return joinSmall(sections, lines);
}

/** Neighbours below the same parent that are small together. */
function joinSmall(sections: readonly CodeSection[], lines: readonly string[]): CodeSection[] {
  const sizeOf = ({ start, end }: CodeSection): number => {
    let size = 0;
    for (let i = start; i < end; i++) size += lines[i]!.length + 1;
    return size;
  };
  const joined: { section: CodeSection; size: number; isSmall: boolean }[] = [];
  for (const section of sections) {
    const size = sizeOf(section);
    const last = joined.at(-1);
    const isSmall = size <= SMALL;
    const together =
      last && isSmall && last.isSmall && last.size + size <= JOINT && joinPaths(last.section.path, section.path);
    if (together) {
      last.section = { path: together, start: last.section.start, end: section.end };
      last.size += size;
    } else joined.push({ section, size, isSmall });
  }
  return joined.map(({ section }) => section);
}

/** The names of two neighbours in one, or nothing where one is not beside the other. */
function joinPaths(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? a : undefined;
  if (a.length !== b.length || a.slice(0, -1).join("\n") !== b.slice(0, -1).join("\n")) return undefined;
  if (a.at(-1) === b.at(-1)) return a;
  const name = `${a.at(-1)}, ${b.at(-1)}`;
  return name.length <= MAX_NAME ? [...a.slice(0, -1), name] : undefined;
}

function indentOf(line: string): number {
  let indent = 0;
  for (const char of line) {
    if (char === "\t") indent += TAB;
    else if (char === " ") indent += 1;
    else break;
  }
  return indent;
}
