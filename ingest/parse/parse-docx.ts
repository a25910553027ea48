import mammoth from "mammoth";
import { AppError } from "#shared/errors.ts";
import { mediaTypeOf } from "#shared/formats.ts";
import { checkZip } from "./check-zip.ts";
import { withoutHidden } from "./docx-hidden.ts";
import { writeHtml } from "./html-blocks.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

const STYLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"];

/** A Word document as its readers see it, by way of HTML. Rejects what is damaged or another kind of archive. */
export async function parseDocx(bytes: Uint8Array, name: string): Promise<Parsed> {
  const entries = checkZip(bytes);
  if (!entries.includes("word/document.xml")) {
    const why = "This is a zip file but no Word document. Supported are Markdown, HTML, text, CSV, PDF and DOCX.";
    throw new AppError("unsupported_media_type", why);
  }
  const outline = openOutline();
  writeHtml(await toHtml(bytes), outline);
  return {
    title: titleOf(name, outline.firstHeading()),
    mediaType: mediaTypeOf(".docx"),
    parser: "docx/2",
    ...outline.finish(),
  };
}

async function toHtml(bytes: Uint8Array): Promise<string> {
  const ignored = mammoth.images.imgElement(async () => ({ src: "" }));
  try {
    const { value } = await mammoth.convertToHtml(
      { buffer: Buffer.from(withoutHidden(bytes)) },
      { convertImage: ignored, styleMap: STYLES, externalFileAccess: false },
    );
    return value;
  } catch (error) {
    const why = "This Word document is damaged and cannot be read. Save it again as .docx.";
    throw new AppError("unreadable_document", why, { cause: error });
  }
}
