import { writeHtml } from "./html-blocks.ts";
import { normaliseSource } from "./normalise.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

/** A web page as its readers see it. */
export function parseHtml(html: string, name: string): Parsed {
  const outline = openOutline();
  const title = writeHtml(normaliseSource(html), outline);
  return {
    title: titleOf(name, title, outline.firstHeading()),
    mediaType: "text/html",
    parser: "html/2",
    ...outline.finish(),
  };
}
