import { AppError } from "#shared/errors.ts";
import { typeOfFormat } from "#shared/formats.ts";
import { damagedFile } from "./damaged-file.ts";
import { decodeText } from "./decode-text.ts";
import { epubPackage } from "./epub-package.ts";
import { writeHtml } from "./html-blocks.ts";
import { normaliseSource } from "./normalise.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";
import { openParts } from "./zip-parts.ts";

const MAX_CHAPTERS = 5_000;
/** In XHTML an element without content may end in its own tag; read as HTML it would swallow the page. */
const EMPTY_ELEMENT = /<(title|script|style|textarea|iframe|noscript|a|span|div|p|i|b|em)\b([^<>]*)\/>/gi;

/** A book in the order in which it is read, cut at its headings; a chapter without one has its name of the table of contents. */
export function parseEpub(bytes: Uint8Array, name: string): Parsed {
  const parts = openParts(bytes);
  const { title, chapters } = epubPackage(parts);
  if (chapters.length > MAX_CHAPTERS)
    throw new AppError("too_large", "This book has more than 5,000 chapters. Split it.");
  const outline = openOutline();
  let readable = 0;
  for (const { part, label } of chapters) {
    const page = parts.read(part);
    if (!page || page.length === 0) continue;
    readable += 1;
    const html = normaliseSource(decodeText(page)).replace(EMPTY_ELEMENT, "<$1$2></$1>");
    if (label !== undefined && !/<h[1-6][\s>]/i.test(html)) outline.heading(1, label);
    writeHtml(html, outline);
  }
  if (readable === 0) throw damagedFile("holds no chapter that could be read");
  return {
    title: titleOf(name, title, outline.firstHeading()),
    mediaType: typeOfFormat("epub"),
    parser: "epub/1",
    ...outline.finish(),
  };
}
