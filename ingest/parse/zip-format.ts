import { AppError } from "#shared/errors.ts";
import { type Format, SUPPORTED } from "#shared/formats.ts";
import { checkZip } from "./check-zip.ts";

/** The part that makes an archive a document of its kind. */
const MAIN_PARTS: readonly (readonly [RegExp, Format])[] = [
  [/^word\/document\d*\.xml$/, "docx"],
  [/^ppt\/presentation\d*\.xml$/, "pptx"],
  [/^xl\/workbook\d*\.xml$/, "xlsx"],
  [/^META-INF\/container\.xml$/, "epub"],
];

/** What to do with archives that are documents of another kind. */
const RELATIVES: readonly (readonly [RegExp, string])[] = [
  [/^xl\/workbook\d*\.bin$/, "a binary workbook (XLSB); save it as .xlsx"],
  [/^content\.xml$/, "an OpenDocument file; save it as .docx, .xlsx, .pptx or PDF"],
  [/^Index\/Document\.iwa$/, "a document of Pages, Numbers or Keynote; export it as Office file or PDF"],
];

/** What kind of document a zip archive is, by the parts in it. Throws `unsupported_media_type` for all others. */
export function formatOfZip(bytes: Uint8Array): Format {
  const names = checkZip(bytes);
  const found = MAIN_PARTS.find(([part]) => names.some((name) => part.test(name)));
  if (found) return found[1];
  const relative = RELATIVES.find(([part]) => names.some((name) => part.test(name)));
  const what = relative?.[1] ?? "an archive; unpack it and upload the files in it";
  throw new AppError("unsupported_media_type", `This file is ${what}. ${SUPPORTED}`);
}
