import type { Evidence } from "./parse-evidence.ts";
import { splitSentences } from "./split-sentences.ts";

export type UnitKind = "sentence" | "item" | "row" | "code";

/** The smallest piece that an answer may quote. */
export type Unit = {
  readonly kind: UnitKind;
  readonly text: string;
  readonly evidence: Evidence;
  /** Paragraph, list, table or code block inside the evidence. */
  readonly block: number;
  /** Position inside the evidence. */
  readonly order: number;
  /** Words that are understood with it: the header of its table. */
  readonly context: string;
};

type Block = { readonly kind: UnitKind; readonly parts: readonly string[]; readonly context: string };

const ITEM = /^\s*([-*+•·]|\d{1,3}[.)、])\s+\S/;
/** A row that names its columns, as sheets, CSV files and JSON records are stored: `name: value; name: value`. */
const RECORD = /^[^:;\n]{1,80}: [^;]*(?:; [^:;\n]{1,80}: [^;]*)+$/;
const LEAD_IN = /[:：]$/;
/** Words that lead to something, even when they name an option: `要构建镜像，用 --target 选择进程：`. */
const PROSE_LEAD_IN = /^(?=.*([\u4e00-\u9fff]{2}|([a-z]+ ){4})).*[:：]$/i;
const CJK_LINE_BREAK = /(?<=[\u3000-\u9fff\uff00-\uffef])\n\s*(?=[\u3000-\u9fff\uff00-\uffef])/g;
const ENDS_LIKE_PROSE = /[.!?。！？；…]["'”’」）)]*$/;
const COMMAND =
  /^[$#>] \S|^(sudo|npm|npx|node|curl|kubectl|docker|git|pip|python3?|cd|export|helm|make|rm|cp)\s|^\.{0,2}\/[\w./-]+(\s|$)|^(GET|POST|PUT|PATCH|DELETE) \/|^[A-Z][A-Z0-9_]*=\S/;
/** A command, a flag, an assignment, a call, brackets, JSON or YAML. */
const CODE = new RegExp(
  `${COMMAND.source}|(^|\\s)--?[a-z][\\w-]*(\\s|=|$)|^\\s*[\\w.]+ ?= ?\\S|\\w\\([^)]*\\)?$|^\\s*[{}()[\\]]|^\\s*["\\w.-]+:(\\s|$)|[;{,(\\\\]$|^(import|from|const|let|for|if|def|print)\\b`,
);

/** Cuts evidence into units. Normalised documents have no markup left, so code is told by its place and look. */
export function splitUnits(evidence: Evidence): Unit[] {
  let order = 0;
  return blocksOf(evidence.text).flatMap(({ kind, parts, context }, block) =>
    parts.map((text): Unit => ({ kind, text, evidence, block, order: order++, context })),
  );
}

export const isLeadIn = (unit: Unit): boolean => unit.kind !== "code" && LEAD_IN.test(unit.text);

function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const fenced = text.split(/^```[^\n]*\n?/m);
  for (const [i, part] of fenced.entries()) {
    if (i % 2 === 1) {
      if (part.trim() !== "") blocks.push({ kind: "code", parts: [part.trimEnd()], context: "" });
      continue;
    }
    for (const paragraph of part.split(/\n\s*\n/)) {
      if (paragraph.trim() === "") continue;
      const after = blocks.at(-1)?.parts.at(-1) ?? "";
      for (const block of classified(paragraph.replace(/^\n+|\s+$/g, ""), LEAD_IN.test(after))) {
        const last = blocks.at(-1);
        // A blank line inside code does not end it.
        if (block.kind === "code" && last?.kind === "code") blocks[blocks.length - 1] = joined(last, block);
        else blocks.push(block);
      }
    }
  }
  return blocks;
}

const joined = (a: Block, b: Block): Block => ({ ...a, parts: [[...a.parts, ...b.parts].join("\n\n")] });

function classified(paragraph: string, afterLeadIn: boolean): Block[] {
  const lines = paragraph.split("\n");
  if (lines.every((line) => /\S\s*\|\s*\S|^\|/.test(line))) return [table(lines)];
  if (lines.every((line) => RECORD.test(line))) return [{ kind: "row", parts: lines, context: "" }];
  const first = lines.findIndex((line) => ITEM.test(line));
  if (first >= 0) {
    const items: string[] = [];
    for (const line of lines.slice(first)) {
      if (ITEM.test(line)) items.push(line.trim());
      else items.push(`${items.pop()} ${line.trim()}`);
    }
    const before = lines.slice(0, first).join("\n");
    return [...(before ? classified(before, afterLeadIn) : []), { kind: "item", parts: items, context: "" }];
  }
  if (isCode(lines, afterLeadIn)) return [{ kind: "code", parts: [paragraph], context: "" }];
  const flat = paragraph.replaceAll(CJK_LINE_BREAK, "").replaceAll(/\s+/g, " ");
  return [{ kind: "sentence", parts: splitSentences(flat), context: "" }];
}

function table(lines: readonly string[]): Block {
  const rows = lines.filter((line) => !/^[\s|:-]+$/.test(line)).map((line) => line.replace(/^\s*\|\s*|\s*\|\s*$/g, ""));
  if (rows.length < 2) return { kind: "row", parts: rows, context: "" };
  return { kind: "row", parts: rows.slice(1), context: rows[0]! };
}

/** After a lead-in the author announced something, so one sign of code is enough; elsewhere most lines must look so. */
function isCode(lines: readonly string[], afterLeadIn: boolean): boolean {
  const marked = lines.filter((line) => CODE.test(line)).length;
  if (lines.length > 1 && marked * 2 >= lines.length) return true;
  if (afterLeadIn && COMMAND.test(lines[0]!)) return true;
  if (lines.length === 1 && PROSE_LEAD_IN.test(lines[0]!)) return false;
  if (ENDS_LIKE_PROSE.test(lines.join("\n").trim())) return false;
  return afterLeadIn ? marked > 0 || !/[\u4e00-\u9fff]|(\w+ ){7}/.test(lines[0]!) : marked === lines.length;
}
