export type TextItem = {
  readonly str: string;
  readonly hasEOL: boolean;
  readonly height: number;
  readonly transform: readonly number[];
};

export type Line = { readonly text: string; readonly height: number; readonly top: number };
export type PdfParagraph = { readonly text: string; readonly height: number; readonly lines: number };

const CJK = /[\u3000-\u30FF\u3400-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF]/;

/** A page's text items, in the file's order, as lines. */
export function linesOf(items: readonly TextItem[]): Line[] {
  const lines: Line[] = [];
  let text = "";
  let height = 0;
  let top = 0;
  const end = () => {
    if (text.trim() !== "") lines.push({ text: text.trim(), height, top });
    text = "";
    height = 0;
  };
  for (const item of items) {
    const itemTop = item.transform[5] ?? 0;
    if (text !== "" && item.str.trim() !== "" && Math.abs(itemTop - top) > Math.max(height, item.height)) end();
    if (item.str.trim() !== "") {
      top = itemTop;
      height = Math.max(height, item.height);
    }
    text += item.str;
    if (item.hasEOL) end();
  }
  end();
  return lines;
}

/** Lines as paragraphs: a paragraph ends at a gap that is wider than the line spacing, or where the size changes. */
export function paragraphsOf(lines: readonly Line[]): PdfParagraph[] {
  const gaps = lines.slice(1).map((line, i) => Math.abs(lines[i]!.top - line.top));
  const usual = median(gaps.filter((gap) => gap > 0));
  const paragraphs: { text: string; height: number; lines: number }[] = [];
  lines.forEach((line, i) => {
    const last = paragraphs.at(-1);
    const sameSize = last && Math.abs(last.height - line.height) < 0.5;
    if (last && sameSize && gaps[i - 1]! <= usual * 1.4) {
      last.text = join(last.text, line.text);
      last.lines += 1;
    } else {
      paragraphs.push({ text: line.text, height: line.height, lines: 1 });
    }
  });
  return paragraphs;
}

/** A word hyphenated at the line's end is one word; Chinese lines join without a space. */
function join(before: string, after: string): string {
  if (/\p{Ll}-$/u.test(before) && /^\p{Ll}/u.test(after)) return before.slice(0, -1) + after;
  return CJK.test(before.at(-1)!) && CJK.test(after[0]!) ? before + after : `${before} ${after}`;
}

/** The upper one of an even count; 0 for none. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
