import { AppError } from "#shared/errors.ts";
import { damagedFile } from "./damaged-file.ts";
import { type Attributes, readXml } from "./xml.ts";
import { pathIn, type ZipParts } from "./zip-parts.ts";

export type Chapter = { readonly part: string; readonly label: string | undefined };
export type EpubPackage = { readonly title: string | undefined; readonly chapters: readonly Chapter[] };

const PAGE = /^(application\/xhtml\+xml|text\/html)$/;
/** Fonts may be scrambled in a book that everybody can read. */
const FONT_ALGORITHM = /(ns\.adobe\.com\/pdf\/enc#RC|idpf\.org\/2008\/embedding)$/;

type Item = { readonly id: string; readonly part: string; readonly type: string; readonly isContents: boolean };

/** The pages of a book in reading order (EPUB 2 and 3). Throws `unreadable_document` for one that is locked or damaged. */
export function epubPackage(parts: ZipParts): EpubPackage {
  refuseLocked(parts);
  const file = packageFile(parts);
  const xml = parts.read(file);
  if (!xml) throw damagedFile("is no complete book");
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  const items = new Map<string, Item>();
  const spine: string[] = [];
  let title: string | undefined;
  let inTitle = false;
  readXml(xml, {
    open(name, attributes) {
      if (name === "item") {
        const item = itemOf(folder, attributes);
        items.set(item.id, item);
      }
      if (name === "itemref") spine.push(attributes.idref ?? "");
      inTitle = name === "title" && title === undefined;
    },
    text(words) {
      if (inTitle) title = (title ?? "") + words;
    },
    close() {
      inTitle = false;
    },
  });
  const labels = labelsOf(parts, [...items.values()]);
  const chapters = spine.flatMap((id): Chapter[] => {
    const item = items.get(id);
    // The table of contents repeats the headings.
    if (!item || !PAGE.test(item.type) || item.isContents) return [];
    return [{ part: item.part, label: labels.get(item.part) }];
  });
  return { title, chapters };
}

function itemOf(folder: string, attributes: Attributes): Item {
  return {
    id: attributes.id ?? "",
    part: pathIn(folder, decoded(attributes.href ?? "")),
    type: attributes["media-type"] ?? "",
    isContents: (attributes.properties ?? "").split(/\s+/).includes("nav"),
  };
}

function packageFile(parts: ZipParts): string {
  const container = parts.read("META-INF/container.xml");
  let path: string | undefined;
  if (container) {
    readXml(container, {
      open(name, attributes) {
        if (name === "rootfile") path ??= pathIn("", attributes["full-path"] ?? "");
      },
    });
  }
  if (path === undefined) throw damagedFile("is no complete book");
  return path;
}

function refuseLocked(parts: ZipParts): void {
  const encryption = parts.read("META-INF/encryption.xml");
  if (!encryption) return;
  readXml(encryption, {
    open(name, attributes) {
      if (name !== "EncryptionMethod" || FONT_ALGORITHM.test(attributes.Algorithm ?? "")) return;
      throw new AppError("unreadable_document", "This book is protected against copying (DRM). Upload a free edition.");
    },
  });
}

/** What the table of contents calls each page: the navigation document of EPUB 3, or the NCX of EPUB 2. */
function labelsOf(parts: ZipParts, items: readonly Item[]): Map<string, string> {
  const labels = new Map<string, string>();
  const contents = items.find(({ isContents }) => isContents) ?? items.find(({ type }) => /dtbncx/.test(type));
  const xml = contents && parts.read(contents.part);
  if (!xml) return labels;
  const folder = contents.part.slice(0, contents.part.lastIndexOf("/") + 1);
  let target: string | undefined;
  let label = "";
  const name = (): void => {
    const words = label.replace(/\s+/g, " ").trim();
    if (target !== undefined && words !== "" && !labels.has(target)) labels.set(target, words);
    target = undefined;
    label = "";
  };
  try {
    readXml(xml, {
      open(tag, attributes) {
        if (tag === "a" || tag === "navPoint") label = "";
        const address = tag === "a" ? attributes.href : tag === "content" ? attributes.src : undefined;
        if (address === undefined) return;
        target = pathIn(folder, decoded(address.replace(/#.*/s, "")));
        if (tag === "content") name();
      },
      text(words) {
        label += words;
      },
      close(tag) {
        if (tag === "a") name();
      },
    });
  } catch {
    // A navigation page may use HTML's entities; the book reads without names for its chapters.
  }
  return labels;
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
