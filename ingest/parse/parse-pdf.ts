import { getDocumentProxy, getMeta } from "unpdf";
import { AppError } from "#shared/errors.ts";
import { openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { linesOf, median, type PdfParagraph, paragraphsOf, type TextItem } from "./pdf-lines.ts";
import { titleOf } from "./title.ts";

const MAX_PAGES = 2_000;
/** A heading is set this much larger than the text. */
const HEADING_SCALE = 1.2;
const MAX_HEADING_LENGTH = 160;
/** Titles that programs write by themselves. */
const ACCIDENTAL_TITLE = /^(untitled|microsoft word|document\d*|slide \d+|.*\.(docx?|pptx?|xlsx?|indd|tex|dvi|qxd))\b/i;

/** The text layer, page by page. Rejects with `needs_ocr` when there is none. */
export async function parsePdf(bytes: Uint8Array, name: string): Promise<Parsed> {
  const pdf = await open(bytes);
  if (pdf.numPages > MAX_PAGES) throw new AppError("too_large", `This PDF has more than ${MAX_PAGES} pages. Split it.`);
  const pages: PdfParagraph[][] = [];
  try {
    for (let number = 1; number <= pdf.numPages; number++) pages.push(await readPage(pdf, number));
  } catch (error) {
    throw damaged(error);
  }
  const letters = pages.flat().reduce((sum, paragraph) => sum + paragraph.text.length, 0);
  // Scanned pages have no letters, and neither have Chinese pages whose fonts are not embedded.
  if (letters < pages.length) {
    const why = "This PDF holds pictures of pages but no text. Run it through text recognition (OCR) first.";
    throw new AppError("needs_ocr", why);
  }
  const outline = openOutline();
  const levelOf = headingLevels(pages.flat());
  pages.forEach((paragraphs, i) => {
    for (const paragraph of paragraphs) {
      const level = levelOf(paragraph);
      if (level === undefined) outline.add("paragraph", paragraph.text, { page: i + 1 });
      else outline.heading(level, paragraph.text, { page: i + 1 });
    }
  });
  const title = await metaTitle(pdf);
  return {
    title: titleOf(name, title, outline.firstHeading()),
    mediaType: "application/pdf",
    parser: "pdf/1",
    ...outline.finish(),
  };
}

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

async function open(bytes: Uint8Array): Promise<Pdf> {
  try {
    // pdf.js takes the buffer away from its owner.
    return await getDocumentProxy(new Uint8Array(bytes), {
      verbosity: 0,
      useSystemFonts: false,
    });
  } catch (error) {
    if (error instanceof Error && error.name === "PasswordException") {
      throw new AppError("unreadable_document", "This PDF is protected by a password. Upload it without one.");
    }
    throw damaged(error);
  }
}

async function readPage(pdf: Pdf, number: number): Promise<PdfParagraph[]> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  return paragraphsOf(linesOf(items.filter((item): item is typeof item & TextItem => "str" in item)));
}

async function metaTitle(pdf: Pdf): Promise<string | undefined> {
  try {
    const { info } = await getMeta(pdf);
    const title: unknown = info.Title;
    return typeof title === "string" && !ACCIDENTAL_TITLE.test(title) ? title : undefined;
  } catch {
    return undefined;
  }
}

/** Larger sizes than that of the most text are headings, the largest first: PDF says how text looks, not what it is. */
function headingLevels(paragraphs: readonly PdfParagraph[]): (paragraph: PdfParagraph) => number | undefined {
  const body = median(
    paragraphs.flatMap(({ height, text }) => Array<number>(Math.ceil(text.length / 80)).fill(height)),
  );
  const isHeading = ({ height, text, lines }: PdfParagraph) =>
    height > body * HEADING_SCALE && lines <= 3 && text.length <= MAX_HEADING_LENGTH && /\p{L}/u.test(text);
  const sizes = [...new Set(paragraphs.filter(isHeading).map(({ height }) => Math.round(height)))].sort(
    (a, b) => b - a,
  );
  return (paragraph) =>
    isHeading(paragraph) ? Math.min(sizes.indexOf(Math.round(paragraph.height)) + 1, 6) : undefined;
}

function damaged(cause: unknown): AppError {
  return new AppError("unreadable_document", "This PDF is damaged or was not completely uploaded. Upload it again.", {
    cause,
  });
}
