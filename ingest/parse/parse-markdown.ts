import { splitFrontMatter } from "./front-matter.ts";
import { writeHtml } from "./html-blocks.ts";
import { markdownToHtml } from "./markdown-to-html.ts";
import { dropMdx } from "./mdx.ts";
import { normaliseSource } from "./normalise.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { expandShortcodes } from "./shortcodes.ts";
import { stripComments } from "./strip-comments.ts";
import { titleOf } from "./title.ts";

/** Markdown (CommonMark, GitHub's tables, Hugo's shortcodes, MDX's imports) as the text that its readers see. */
export function parseMarkdown(source: string, name: string): Parsed {
  const { title, body } = splitFrontMatter(normaliseSource(source));
  const visible = expandShortcodes(stripComments(/\.mdx$/i.test(name) ? dropMdx(body) : body));
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
