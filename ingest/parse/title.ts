import { normalise } from "./normalise.ts";

const maxTitleLength = 300;

/** The first candidate with words in it; at last the file's name without folder and extension. */
export function titleOf(name: string, ...candidates: readonly unknown[]): string {
  for (const candidate of candidates) {
    if (typeof candidate !== "string" && typeof candidate !== "number") continue;
    const title = clean(String(candidate));
    if (title !== "") return title;
  }
  const file = name.split(/[\\/]/).at(-1)!;
  return clean(file.replace(/\.(md|mdx|markdown|html?|xhtml|txt|text|csv|tsv|pdf|docx)$/i, "")) || "Untitled";
}

function clean(text: string): string {
  const title = normalise(text).replace(/\s+/g, " ").trim();
  return Array.from(title).slice(0, maxTitleLength).join("");
}
