import { FORMATS } from "#shared/formats.ts";
import { normalise } from "./normalise.ts";

const MAX_TITLE_LENGTH = 300;

/** The first candidate with words in it; at last the file's name without folder and extension. */
export function titleOf(name: string, ...candidates: readonly unknown[]): string {
  for (const candidate of candidates) {
    if (typeof candidate !== "string" && typeof candidate !== "number") continue;
    const title = clean(String(candidate));
    if (title !== "") return title;
  }
  const file = name.split(/[\\/]/).at(-1)!;
  const extension = /\.[^.]*$/.exec(file)?.[0] ?? "";
  return clean(FORMATS.has(extension.toLowerCase()) ? file.slice(0, -extension.length) : file) || "Untitled";
}

function clean(text: string): string {
  const title = normalise(text).replace(/\s+/g, " ").trim();
  return Array.from(title).slice(0, MAX_TITLE_LENGTH).join("");
}
