import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";

const NAMESPACE =
  /xmlns(?::([\w.-]+))?\s*=\s*["'](?:http:\/\/schemas\.openxmlformats\.org\/wordprocessingml\/2006\/main|http:\/\/purl\.oclc\.org\/ooxml\/wordprocessingml\/main)["']/g;
/** Comments and character data come first: what looks like a tag in them is none. */
const TAG =
  /<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(\/?)(?:([\w.-]+):)?(p|r|style|vanish|pStyle|rStyle|rPrChange|pPrChange)(?=[\s/>])((?:"[^"]*"|'[^']*'|[^"'>])*)>/gs;
const CHANGE = /^[rp]PrChange$/;

type Open = { readonly tag: string; readonly start: number; readonly id: string | undefined; hidden: boolean };

/**
 * A Word document without what Word hides: runs with `w:vanish`, and runs and paragraphs of a style that has it. The
 * library that reads the document does not know the property, and inflates a part beyond the size that was checked: it
 * gets the words only, as they are. Throws when the archive cannot be read.
 */
export function withoutHidden(docx: Uint8Array): Uint8Array {
  const parts = unzipSync(docx, { filter: ({ name }) => /\.(xml|rels)$/.test(name) });
  const texts = Object.entries(parts)
    .filter(([name]) => name.endsWith(".xml"))
    .map(([name, part]) => ({ name, text: strFromU8(part) }));
  const marked = texts.filter(({ text }) => text.includes("vanish"));
  if (marked.length > 0) {
    const styles = new Set(marked.flatMap(({ text }) => hiddenStyles(text)));
    for (const { name, text } of texts) parts[name] = strToU8(dropHidden(text, styles));
  }
  return zipSync(parts, { level: 0 });
}

function hiddenStyles(xml: string): string[] {
  return elementsOf(xml, new Set()).flatMap(({ tag, hidden, id }) => (tag === "style" && hidden && id ? [id] : []));
}

function dropHidden(xml: string, styles: ReadonlySet<string>): string {
  const kept: string[] = [];
  let at = 0;
  const hidden = elementsOf(xml, styles).filter((one) => one.hidden && one.tag !== "style");
  // Text boxes put paragraphs into runs: an inner element may be gone with its outer one.
  for (const { start, end } of hidden.sort((a, b) => a.start - b.start)) {
    if (start >= at) kept.push(xml.slice(at, start));
    at = Math.max(at, end);
  }
  return at === 0 ? xml : kept.join("") + xml.slice(at);
}

/** Paragraphs, runs and styles with where they are and whether a property of their own hides them. */
function elementsOf(xml: string, styles: ReadonlySet<string>): (Open & { readonly end: number })[] {
  const prefixes = new Set([...xml.matchAll(NAMESPACE)].map(([, prefix]) => prefix));
  const elements: (Open & { readonly end: number })[] = [];
  const open: Open[] = [];
  let changes = 0;
  for (const { 0: token, 1: slash, 2: prefix, 3: tag, 4: attributes = "", index } of xml.matchAll(TAG)) {
    if (tag === undefined || !prefixes.has(prefix)) continue;
    const empty = attributes.endsWith("/");
    if (CHANGE.test(tag)) changes += empty ? 0 : slash ? -1 : 1;
    else if (tag === "p" || tag === "r" || tag === "style") {
      if (slash) {
        const element = open.pop();
        if (element) elements.push({ ...element, end: index + token.length });
      } else if (!empty) open.push({ tag, start: index, id: attributeOf(attributes, "styleId"), hidden: false });
    } else if (changes === 0) hide(open.at(-1), tag, attributes, styles);
  }
  return elements;
}

/** `vanish` among a paragraph's own properties is about its mark at the end, which nobody reads. */
function hide(element: Open | undefined, tag: string, attributes: string, styles: ReadonlySet<string>): void {
  if (!element) return;
  if (tag === "vanish") {
    if (element.tag !== "p") element.hidden = !/^(0|false|off)$/.test(attributeOf(attributes, "val") ?? "");
  } else if (tag === (element.tag === "p" ? "pStyle" : "rStyle")) {
    element.hidden = styles.has(attributeOf(attributes, "val") ?? "");
  }
}

function attributeOf(attributes: string, name: string): string | undefined {
  return new RegExp(`(?:^|[\\s:])${name}\\s*=\\s*["']([^"']*)["']`).exec(attributes)?.[1];
}
