import { patternOf } from "./cell-format.ts";
import { damagedFile } from "./damaged-file.ts";
import { isOn, readXml } from "./xml.ts";
import { relationId, relationsOf, type ZipParts } from "./zip-parts.ts";

export type Sheet = { readonly name: string; readonly part: string };
export type Workbook = {
  /** Those that the workbook shows, in its order. */
  readonly sheets: readonly Sheet[];
  readonly strings: readonly string[];
  /** Number format of each cell style. */
  readonly patterns: readonly string[];
  readonly from1904: boolean;
};

/** What all sheets of a workbook share. Throws `unreadable_document` where there is no workbook. */
export function readWorkbook(parts: ZipParts): Workbook {
  const main = parts.names.find((name) => /^xl\/workbook\d*\.xml$/.test(name));
  const workbook = main === undefined ? undefined : parts.read(main);
  if (!workbook) throw damagedFile("holds no workbook");
  const relations = relationsOf(parts, main!);
  const listed: { name: string; id: string }[] = [];
  let from1904 = false;
  readXml(workbook, {
    open(name, attributes) {
      if (name === "workbookPr") from1904 = isOn(attributes.date1904);
      // Both kinds of hidden sheets are what a reader of the workbook does not see.
      if (name === "sheet" && (attributes.state ?? "visible") === "visible")
        listed.push({ name: attributes.name ?? "", id: relationId(attributes) });
    },
  });
  const sheets = listed.flatMap(({ name, id }): Sheet[] => {
    const relation = relations.find((one) => one.id === id && one.type === "worksheet");
    return relation ? [{ name, part: relation.target }] : [];
  });
  const shared = (type: string): Uint8Array | undefined => {
    const relation = relations.find((one) => one.type === type);
    return relation && parts.read(relation.target);
  };
  return { sheets, strings: stringsOf(shared("sharedStrings")), patterns: patternsOf(shared("styles")), from1904 };
}

function stringsOf(xml: Uint8Array | undefined): string[] {
  const strings: string[] = [];
  if (!xml) return strings;
  let inText = false;
  let phonetic = 0;
  let text = "";
  readXml(xml, {
    open(name) {
      if (name === "si") text = "";
      if (name === "rPh") phonetic += 1;
      inText = name === "t" && phonetic === 0;
    },
    text(words) {
      if (inText) text += words;
    },
    close(name) {
      inText = false;
      if (name === "rPh") phonetic -= 1;
      if (name === "si") strings.push(text);
    },
  });
  return strings;
}

function patternsOf(xml: Uint8Array | undefined): string[] {
  const custom = new Map<number, string>();
  const ids: number[] = [];
  let inStyles = false;
  if (xml) {
    readXml(xml, {
      open(name, attributes) {
        if (name === "numFmt") custom.set(Number(attributes.numFmtId), attributes.formatCode ?? "");
        if (name === "cellXfs") inStyles = true;
        if (name === "xf" && inStyles) ids.push(Number(attributes.numFmtId ?? 0));
      },
      close(name) {
        if (name === "cellXfs") inStyles = false;
      },
    });
  }
  return ids.map((id) => patternOf(id, custom));
}
