import { isOn, readXml } from "./xml.ts";
import { relationId } from "./zip-parts.ts";

export type SlideParagraph = { readonly text: string; readonly level: number };
export type Shape =
  | { readonly kind: "title" | "list" | "text"; readonly paragraphs: readonly SlideParagraph[] }
  | { readonly kind: "table"; readonly rows: readonly (readonly string[])[]; readonly hasHeader: boolean }
  /** A drawing whose words are in another part. */
  | { readonly kind: "diagram"; readonly relation: string };
export type SlideContent = { readonly isShown: boolean; readonly shapes: readonly Shape[] };

const SHAPES = new Set(["sp", "graphicFrame", "pic", "cxnSp"]);
/** Placeholders that say the same on every slide, or nothing. */
const FURNITURE = new Set(["dt", "ftr", "sldNum", "hdr", "sldImg"]);

type Open = {
  isHidden: boolean;
  placeholder: string | undefined;
  paragraphs: SlideParagraph[];
  rows: string[][];
  hasHeader: boolean;
  diagram: string | undefined;
};

/** What a slide, its notes or a diagram shows, in the order of the file. Hidden shapes are left out. */
export function readSlide(xml: Uint8Array): SlideContent {
  const shapes: Shape[] = [];
  const groups: { isHidden: boolean }[] = [];
  let isShown = true;
  let shape = newShape();
  let inShape = false;
  let inCell = false;
  let cell: string[] = [];
  let text: string | undefined;
  let level = 0;
  let inWords = false;
  // Copies for old programs.
  let fallback = 0;
  let fields = 0;

  function endParagraph(): void {
    const words = (text ?? "").replace(/[^\S\n]+/g, " ").trim();
    text = undefined;
    if (words === "") return;
    if (inCell) cell.push(words.replaceAll("\n", " "));
    else shape.paragraphs.push({ text: words, level });
  }

  function endShape(): void {
    inShape = false;
    if (shape.isHidden || groups.some(({ isHidden }) => isHidden) || FURNITURE.has(shape.placeholder ?? "")) return;
    const { rows, hasHeader, diagram, paragraphs } = shape;
    if (rows.length > 0) shapes.push({ kind: "table", rows, hasHeader });
    if (diagram !== undefined) shapes.push({ kind: "diagram", relation: diagram });
    if (paragraphs.length > 0) shapes.push({ kind: kindOf(shape.placeholder), paragraphs });
  }

  readXml(xml, {
    open(name, attributes) {
      if (name === "Fallback") fallback += 1;
      if (fallback > 0) return;
      if (name === "sld") isShown = attributes.show === undefined || isOn(attributes.show);
      else if (name === "grpSp") groups.push({ isHidden: false });
      else if (SHAPES.has(name)) {
        shape = newShape();
        inShape = true;
      } else if (name === "cNvPr" && isOn(attributes.hidden)) {
        const owner = inShape ? shape : groups.at(-1);
        if (owner) owner.isHidden = true;
      } else if (name === "ph") shape.placeholder = attributes.type ?? "body";
      else if (name === "relIds") shape.diagram = attributes["r:dm"] ?? relationId(attributes);
      else if (name === "tblPr") shape.hasHeader = isOn(attributes.firstRow);
      else if (name === "tr") shape.rows.push([]);
      else if (name === "tc") {
        inCell = true;
        cell = [];
      } else if (name === "p") {
        text = "";
        level = 0;
      } else if (name === "pPr") level = levelOf(attributes.lvl);
      else if (name === "br" && text !== undefined) text += "\n";
      else if (name === "fld" && /^(slidenum|datetime)/.test(attributes.type ?? "")) fields += 1;
      else if (name === "t") inWords = fields === 0;
    },
    text(words) {
      if (inWords && text !== undefined) text += words;
    },
    close(name) {
      inWords = false;
      if (name === "Fallback") fallback -= 1;
      if (fallback > 0) return;
      if (name === "grpSp") groups.pop();
      else if (SHAPES.has(name)) endShape();
      else if (name === "p") endParagraph();
      else if (name === "fld") fields = Math.max(0, fields - 1);
      else if (name === "tc") {
        inCell = false;
        shape.rows.at(-1)?.push(cell.join(" "));
      }
    },
  });
  // A diagram's part is no slide: its paragraphs stand in no shape.
  if (!inShape && shapes.length === 0 && shape.paragraphs.length > 0) endShape();
  return { isShown, shapes };
}

function newShape(): Open {
  return {
    ...{ isHidden: false, placeholder: undefined, paragraphs: [], rows: [], hasHeader: false, diagram: undefined },
  };
}

function kindOf(placeholder: string | undefined): "title" | "list" | "text" {
  if (placeholder === "title" || placeholder === "ctrTitle") return "title";
  return placeholder === "body" || placeholder === "obj" ? "list" : "text";
}

/** From 0, as ECMA-376 counts them. */
function levelOf(written: string | undefined): number {
  const level = Number(written);
  return Number.isInteger(level) ? Math.min(Math.max(level, 0), 8) : 0;
}
