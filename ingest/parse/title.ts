import { FORMATS, UNNAMED } from "#shared/formats.ts";
import { normalise } from "./normalise.ts";

const MAX_TITLE_LENGTH = 300;

/** In code points: about a line of a list. */
const OPENING = 80;

/** The first candidate with words in it; at last the file's name without folder and extension. Empty where there is none. */
export function titleOf(name: string, ...candidates: readonly unknown[]): string {
  for (const candidate of candidates) {
    if (typeof candidate !== "string" && typeof candidate !== "number") continue;
    const title = clean(String(candidate));
    if (title !== "") return title;
  }
  const file = name.split(/[\\/]/).at(-1)!;
  const extension = /\.[^.]*$/.exec(file)?.[0] ?? "";
  const stem = clean(FORMATS.has(extension.toLowerCase()) ? file.slice(0, -extension.length) : file);
  return stem === UNNAMED ? "" : stem;
}

/** What a text without a name begins with: its first line, cut between two words where it is long. */
export function openingOf(text: string): string {
  const line = clean(text.trimStart().split("\n", 1)[0]!);
  const letters = Array.from(line);
  if (letters.length <= OPENING) return line;
  const cut = letters.slice(0, OPENING).join("");
  const space = cut.lastIndexOf(" ");
  return `${(space > OPENING / 2 ? cut.slice(0, space) : cut).trimEnd()}…`;
}

function clean(text: string): string {
  const title = normalise(text).replace(/\s+/g, " ").trim();
  return Array.from(title).slice(0, MAX_TITLE_LENGTH).join("");
}
