import { AppError } from "#shared/errors.ts";
import type { Parse } from "../../ingest/pipeline.ts";

/** One passage a paragraph; the first line is the title; the word UNREADABLE cannot be read, and BROKEN breaks the parser. */
export const paragraphParse: Parse = async ({ bytes, mediaType }) => {
  const text = new TextDecoder().decode(bytes);
  if (text.includes("UNREADABLE")) throw new AppError("unreadable_document", "This file is damaged.");
  if (text.includes("BROKEN")) throw new Error("The parser broke");
  let start = 0;
  const passages = text.split("\n\n").map((paragraph) => {
    const passage = { start, end: start + paragraph.length, headingPath: [], page: undefined, text: paragraph };
    start += paragraph.length + 2;
    return passage;
  });
  return {
    parsed: { title: text.split("\n")[0]!, mediaType: mediaType ?? "text/plain", parser: "paragraph/1", text },
    passages,
  };
};
