import { splitFrontMatter } from "./front-matter.ts";
import { writeHtml } from "./html-blocks.ts";
import { markdownToHtml } from "./markdown-to-html.ts";
import { normaliseSource } from "./normalise.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { expandShortcodes } from "./shortcodes.ts";
import { stripComments } from "./strip-comments.ts";
import { titleOf } from "./title.ts";

/** Markdown (CommonMark, GitHub's tables, Hugo's shortcodes, MDX's imports) as the text that its readers see. */
export function parseMarkdown(source: string, name: string): Parsed {
  const { title, body } = splitFrontMatter(normaliseSource(source));
  const visible = expandShortcodes(stripComments(/\.mdx$/i.test(name) ? dropModuleLines(body) : body));
  const outline = openOutline();
  writeHtml(markdownToHtml(visible), outline);
  // A page that is only a title (an index page of a site) is a document too: its title is what it says.
  if (typeof title === "string" && outline.isEmpty()) outline.heading(1, title);
  return {
    title: titleOf(name, title, outline.firstHeading()),
    mediaType: "text/markdown",
    parser: "markdown/3",
    ...outline.finish(),
  };
}

/** MDX is a module: `import` and `export` statements go on to the next blank line, `{/* … *\/}` is its comment. */
function dropModuleLines(mdx: string): string {
  const kept: string[] = [];
  let inFence = false;
  let inStatement = false;
  for (const line of mdx.split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) inFence = !inFence;
    if (!inFence && /^(import|export)\s/.test(line)) inStatement = true;
    if (line.trim() === "") inStatement = false;
    kept.push(inStatement ? "" : inFence ? line : line.replace(/\{\s*\/\*.*?\*\/\s*\}/g, ""));
  }
  return kept.join("\n");
}
