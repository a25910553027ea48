import mammoth from "mammoth";
import { AppError } from "#shared/errors.ts";
import { typeOfFormat } from "#shared/formats.ts";
import { withoutHidden } from "./docx-hidden.ts";
import { writeHtml } from "./html-blocks.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

const STYLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"];

/** A Word document as its readers see it, by way of HTML. Rejects what is damaged; the archive was checked when it was recognised. */
export async function parseDocx(bytes: Uint8Array, name: string): Promise<Parsed> {
  const outline = openOutline();
  writeHtml(await toHtml(bytes), outline);
  return {
    title: titleOf(name, outline.firstHeading()),
    mediaType: typeOfFormat("docx"),
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
