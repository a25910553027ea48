import { defaultTreeAdapter, parse, type DefaultTreeAdapterTypes as Tree, type TreeAdapter } from "parse5";
import { AppError } from "#shared/errors.ts";
import { isHidden } from "./hidden.ts";
import type { Outline } from "./outline.ts";

/** parse5's cost per tag grows with the depth; real pages stay under 100. */
const MAX_DEPTH = 120_000;

const BLOCK = new Set(
  `address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form header
   hr li main nav ol p section summary ul legend option optgroup menu`.split(/\s+/),
);
const HEADING = /^h[1-6]$/;
const IN_CELL = /^(h[1-6]|pre|t[dhr]|caption)$/;
// Text is collapsed when a block ends, so a hard break needs a mark that no text can contain.
const BREAK = "\v";
const CJK = /[\u3000-\u30FF\u3400-\u9FFF\uF900-\uFAFF\uFF00-\uFFEF]/;

/** What is on the explicit stack: a node to enter, or what to do when the element's children are done. */
type Step = { readonly enter: Tree.ChildNode } | { readonly leave: () => void };
type List = { readonly ordered: boolean; next: number };
type Table = { readonly rows: string[]; cells: string[]; inCell: boolean };

/**
 * Writes the visible text of an HTML document to `outline`, block by block, and returns its `<title>`.
 * Nothing recurses: the depth of the tree is the document's to choose.
 */
export function writeHtml(html: string, outline: Outline): string | undefined {
  const document = parse<Tree.DefaultTreeAdapterMap>(html, { treeAdapter: depthLimited() });
  const steps: Step[] = [...document.childNodes].reverse().map((enter) => ({ enter }));
  const lists: List[] = [];
  let table: Table | undefined;
  let text: string[] = [];
  let inPre = false;
  let inHeading = false;
  let title: string | undefined;
  /** Marker of the list item whose first words are still to come. */
  let marker: string | undefined;
  let afterItem = false;

  function take(): string {
    const taken = inPre ? text.join("").replaceAll(BREAK, "\n") : collapse(text.join(""));
    text = [];
    return taken;
  }

  function endBlock(): void {
    // Blocks inside a cell are one cell; blocks inside code are code.
    if (table || inHeading || inPre) return void text.push(inPre ? "" : " ");
    if (text.length === 0) return;
    const words = take();
    if (words === "") return;
    if (lists.length === 0) {
      outline.add("paragraph", words);
      afterItem = false;
      return;
    }
    outline.add("list", indent(words), { tight: afterItem });
    afterItem = true;
  }

  function indent(words: string): string {
    const margin = "  ".repeat(Math.min(lists.length, 20) - 1);
    const head = marker ?? "  ";
    marker = undefined;
    return margin + head + words.replaceAll("\n", `\n${margin}${" ".repeat(head.length)}`);
  }

  function enterElement(element: Tree.Element): (() => void) | undefined | false {
    const tag = element.tagName;
    if (tag === "head") title = titleIn(element);
    if (isHidden(element)) return false;
    if (tag === "br") return void text.push(BREAK);
    if (tag === "img") return void text.push(attribute(element, "alt") ?? "");
    if (table) return enterInTable(tag, table);
    if (inHeading || inPre) return BLOCK.has(tag) ? endBlock : undefined;
    if (HEADING.test(tag)) return enterHeading(tag);
    if (tag === "pre") return enterPre();
    if (tag === "table") return enterTable();
    if (tag === "ul" || tag === "ol" || tag === "menu") return enterList(element);
    if (tag === "li") {
      endBlock();
      const list = lists.at(-1);
      marker = list?.ordered ? `${list.next++}. ` : "- ";
      return endBlock;
    }
    if (!BLOCK.has(tag)) return undefined;
    endBlock();
    return endBlock;
  }

  function enterHeading(tag: string): () => void {
    endBlock();
    inHeading = true;
    marker = undefined;
    afterItem = false;
    return () => {
      inHeading = false;
      outline.heading(Number(tag[1]), take());
    };
  }

  function enterPre(): () => void {
    endBlock();
    inPre = true;
    return () => {
      const code = take();
      inPre = false;
      outline.add("code", code);
      afterItem = false;
    };
  }

  function enterList(element: Tree.Element): () => void {
    endBlock();
    if (lists.length === 0) afterItem = false;
    const start = Number.parseInt(attribute(element, "start") ?? "1", 10);
    lists.push({ ordered: element.tagName === "ol", next: Number.isSafeInteger(start) ? start : 1 });
    return () => {
      endBlock();
      lists.pop();
      marker = undefined;
      if (lists.length === 0) afterItem = false;
    };
  }

  function enterTable(): () => void {
    endBlock();
    const own: Table = { rows: [], cells: [], inCell: false };
    table = own;
    return () => {
      const stray = take();
      if (stray !== "") own.rows.push(stray);
      table = undefined;
      outline.add("table", own.rows.join("\n"));
      afterItem = false;
    };
  }

  /** What is inside a cell, tables too, is words of that cell. */
  function enterInTable(tag: string, own: Table): (() => void) | undefined {
    if (tag === "caption" && !own.inCell) return () => void own.rows.push(take());
    if (tag === "tr" && !own.inCell) {
      own.cells = [];
      return () => {
        const row = own.cells.join(" | ");
        if (/[^\s|]/.test(row)) own.rows.push(row);
      };
    }
    if ((tag === "td" || tag === "th") && !own.inCell) {
      own.inCell = true;
      return () => {
        own.inCell = false;
        own.cells.push(take().replaceAll("\n", " "));
      };
    }
    if (!BLOCK.has(tag) && !IN_CELL.test(tag)) return undefined;
    text.push(" ");
    return () => void text.push(" ");
  }

  while (steps.length > 0) {
    const step = steps.pop()!;
    if ("leave" in step) {
      step.leave();
    } else if (step.enter.nodeName === "#text") {
      text.push((step.enter as Tree.TextNode).value.replaceAll(BREAK, " "));
    } else if ("tagName" in step.enter) {
      const leave = enterElement(step.enter);
      if (leave === false) continue;
      if (leave) steps.push({ leave });
      const children = step.enter.childNodes;
      for (let i = children.length - 1; i >= 0; i--) steps.push({ enter: children[i]! });
    }
  }
  endBlock();
  return title;
}

/** White space as a browser shows it, except that a line break between two Chinese or Japanese characters is no space. */
function collapse(text: string): string {
  const flat = text.replace(/[ \t\n\r\f]+/g, (run, at: number) => {
    if (!run.includes("\n")) return " ";
    return CJK.test(text[at - 1] ?? "") && CJK.test(text[at + run.length] ?? "") ? "" : " ";
  });
  const lines = flat.split(BREAK).map((line) => line.trim());
  return lines.join("\n").trim();
}

function attribute(element: Tree.Element, name: string): string | undefined {
  return element.attrs.find((attr) => attr.name === name)?.value;
}

function titleIn(head: Tree.Element): string | undefined {
  const title = head.childNodes.find((child) => child.nodeName === "title");
  const text = title && "childNodes" in title ? title.childNodes[0] : undefined;
  return text && "value" in text ? text.value : undefined;
}

function depthLimited(): TreeAdapter<Tree.DefaultTreeAdapterMap> {
  let depth = 0;
  return {
    ...defaultTreeAdapter,
    onItemPush() {
      depth += 1;
      if (depth > MAX_DEPTH) throw new AppError("unreadable_document", "This page is nested too deeply to be read.");
    },
    onItemPop() {
      depth -= 1;
    },
  };
}
