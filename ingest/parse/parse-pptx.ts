import { AppError } from "#shared/errors.ts";
import { typeOfFormat } from "#shared/formats.ts";
import { type Language, languageOf } from "#shared/language.ts";
import { damagedFile } from "./damaged-file.ts";
import { type Outline, openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { readSlide, type Shape } from "./pptx-slide.ts";
import { lineOf } from "./table-lines.ts";
import { titleOf } from "./title.ts";
import { readXml } from "./xml.ts";
import { openParts, type Relation, relationId, relationsOf, type ZipParts } from "./zip-parts.ts";

const MAX_SLIDES = 2_000;
const WORDS = {
  en: { slide: (number: number) => `Slide ${number}`, notes: "Notes" },
  zh: { slide: (number: number) => `第 ${number} 张幻灯片`, notes: "备注" },
} as const;

type Slide = { readonly number: number; readonly title: string; readonly body: Shape[]; readonly notes: Shape[] };

/** Slides in their order, each with its title as heading, and its notes below it. Hidden slides are left out. */
export function parsePptx(bytes: Uint8Array, name: string): Parsed {
  const slides = readSlides(openParts(bytes));
  const language = languageOf(slides.map(({ title, body }) => title + wordsOf(body)).join(" "));
  const outline = openOutline();
  for (const slide of slides) writeSlide(outline, slide, language);
  const title = slides.find((slide) => slide.title !== "")?.title;
  return { title: titleOf(name, title), mediaType: typeOfFormat("pptx"), parser: "pptx/1", ...outline.finish() };
}

function readSlides(parts: ZipParts): Slide[] {
  const main = parts.names.find((part) => /^ppt\/presentation\d*\.xml$/.test(part))!;
  const presentation = parts.read(main);
  if (!presentation) throw damagedFile("holds no presentation");
  const relations = relationsOf(parts, main);
  const listed: Relation[] = [];
  readXml(presentation, {
    open(tag, attributes) {
      if (tag !== "sldId") return;
      const relation = relations.find(({ id, type }) => id === relationId(attributes) && type === "slide");
      if (relation) listed.push(relation);
    },
  });
  if (listed.length > MAX_SLIDES) {
    throw new AppError("too_large", `This presentation has more than ${MAX_SLIDES} slides. Split it.`);
  }
  return listed.flatMap(({ target }, i): Slide[] => {
    const xml = parts.read(target);
    if (!xml) return [];
    const { isShown, shapes } = readSlide(xml);
    if (!isShown) return [];
    const own = relationsOf(parts, target);
    const partOf = (match: (relation: Relation) => boolean): Shape[] => {
      const found = own.find(match);
      const part = found && parts.read(found.target);
      return part ? [...readSlide(part).shapes] : [];
    };
    const title = wordsOf(shapes.filter(({ kind }) => kind === "title"));
    const body = shapes.flatMap((shape) =>
      shape.kind === "diagram" ? partOf(({ id }) => id === shape.relation) : shape.kind === "title" ? [] : [shape],
    );
    return [{ number: i + 1, title, body, notes: partOf(({ type }) => type === "notesSlide") }];
  });
}

function writeSlide(outline: Outline, { number, title, body, notes }: Slide, language: Language): void {
  if (title === "" && body.length === 0 && notes.length === 0) return;
  const at = { place: { unit: "slide", number } } as const;
  outline.heading(1, title || WORDS[language].slide(number), at);
  for (const shape of body) writeShape(outline, shape, at);
  if (notes.length === 0) return;
  outline.heading(2, WORDS[language].notes, at);
  for (const shape of notes) writeShape(outline, shape, at);
}

function writeShape(outline: Outline, shape: Shape, at: NonNullable<Parameters<Outline["add"]>[2]>): void {
  if (shape.kind === "diagram") return;
  if (shape.kind === "table") {
    const { rows, hasHeader } = shape;
    const header = hasHeader && rows.length > 1 ? rows[0] : undefined;
    const lines = rows.slice(header ? 1 : 0).map((row) => lineOf(row, header));
    return void outline.add("table", lines.filter(Boolean).join("\n"), at);
  }
  const isList = shape.kind === "list" && shape.paragraphs.length > 1;
  if (!isList) for (const { text } of shape.paragraphs) outline.add("paragraph", text, at);
  else {
    const items = shape.paragraphs.map(({ text, level }) => {
      const margin = "  ".repeat(level);
      return `${margin}- ${text.replaceAll("\n", `\n${margin}  `)}`;
    });
    outline.add("list", items.join("\n"), at);
  }
}

function wordsOf(shapes: readonly Shape[]): string {
  return shapes.flatMap((shape) => ("paragraphs" in shape ? shape.paragraphs.map(({ text }) => text) : [])).join(" ");
}
