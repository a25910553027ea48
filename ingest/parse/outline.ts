import { AppError } from "#shared/errors.ts";
import { normalise } from "./normalise.ts";
import type { Block, BlockKind } from "./parsed.ts";

/** About ten thousand pages; more is a data dump or an attack. */
export const MAX_TEXT_LENGTH = 20_000_000;

/** Where in the original something stands. */
type At = Pick<Block, "page" | "place">;

export type Outline = {
  readonly heading: (level: number, text: string, at?: At) => void;
  /** The headings of what follows, where they are no words of the text. */
  readonly section: (path: readonly string[]) => void;
  /** `tight`: on the next line, without a blank line between, as items of one list are. */
  readonly add: (kind: Exclude<BlockKind, "heading">, text: string, options?: { tight?: boolean } & At) => void;
  /** Text of the first top-level heading so far. */
  readonly firstHeading: () => string | undefined;
  readonly isEmpty: () => boolean;
  readonly finish: () => { text: string; blocks: Block[] };
};

/** Collects a document's blocks in reading order into one normalised text, so that every offset is right by construction. */
export function openOutline(): Outline {
  const parts: string[] = [];
  const blocks: Block[] = [];
  const open: { level: number; text: string }[] = [];
  let path: readonly string[] = [];
  let length = 0;
  let first: string | undefined;

  function append(kind: BlockKind, text: string, options: { tight?: boolean } & At): void {
    const gap = length === 0 ? "" : options.tight ? "\n" : "\n\n";
    const start = length + gap.length;
    length = start + text.length;
    if (length > MAX_TEXT_LENGTH) throw tooMuchText();
    parts.push(gap, text);
    const { page, place } = options;
    const at = { ...(page !== undefined && { page }), ...(place && { place }) };
    blocks.push({ kind, start, end: length, headingPath: path, ...at });
  }

  return {
    heading(level, raw, at = {}) {
      const text = normalise(raw).replace(/\s+/g, " ").trim();
      if (text === "") return;
      while (open.length > 0 && open.at(-1)!.level >= level) open.pop();
      open.push({ level, text });
      path = open.map((heading) => heading.text);
      if (level === 1) first ??= text;
      append("heading", text, at);
    },
    section(names) {
      open.length = 0;
      path = names.map((name) => normalise(name).replace(/\s+/g, " ").trim()).filter(Boolean);
    },
    add(kind, raw, options = {}) {
      const text = trimBlankLines(normalise(raw));
      if (text !== "") append(kind, text, options);
    },
    firstHeading: () => first,
    isEmpty: () => length === 0,
    finish: () => ({ text: parts.join(""), blocks }),
  };
}

/** Indentation of the first line is kept: it means something in code. */
function trimBlankLines(text: string): string {
  const end = text.trimEnd();
  const firstWord = end.search(/\S/);
  return firstWord < 0 ? "" : end.slice(end.lastIndexOf("\n", firstWord) + 1);
}

/** The refusal of a text over `MAX_TEXT_LENGTH`. */
export function tooMuchText(): AppError {
  return new AppError("too_large", "This document holds too much text. Split it into parts.");
}
