import type { Outline } from "./outline.ts";
import type { Block, Parsed } from "./parsed.ts";

/** The same outline for what stands below so many headings: its own headings are theirs, its places are `place` if it has none. */
export function below(outline: Outline, levels: number, place?: Block["place"]): Outline {
  const here = place ? { place } : {};
  return {
    ...outline,
    heading: (level, text, at = {}) => outline.heading(level + levels, text, { ...here, ...at }),
    add: (kind, text, options = {}) => outline.add(kind, text, { ...here, ...options }),
  };
}

/** Writes a parsed document into another one. */
export function graft({ text, blocks }: Pick<Parsed, "text" | "blocks">, outline: Outline): void {
  let last = 0;
  for (const { kind, start, end, headingPath, page, place } of blocks) {
    const at = { ...(page !== undefined && { page }), ...(place && { place }) };
    const words = text.slice(start, end);
    if (kind === "heading") outline.heading(headingPath.length, words, at);
    else outline.add(kind, words, { ...at, tight: text.slice(last, start) === "\n" });
    last = end;
  }
}
