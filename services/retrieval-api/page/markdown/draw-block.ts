import { html } from "htm/preact";
import type { VNode } from "preact";
import { t } from "../text/text.ts";
import type { Block } from "./block.ts";
import { CodeBlock } from "./code-block.ts";
import type { Marks } from "./marks.ts";
import { drawWords } from "./words.ts";

/** A block as elements, never as markup: no text becomes a tag, an attribute or an address that was not made here. */
export function drawBlock(block: Block, marks: Marks): VNode {
  const inner = (blocks: readonly Block[]) => blocks.map((one) => drawBlock(one, marks));
  const words = (text: string) => drawWords(text, marks);
  const look = block.part && `md-part md-part-${block.part}`;
  switch (block.type) {
    case "heading":
      // The page has headings of its own above: an answer's begin below them.
      return html`<${`h${Math.min(6, block.depth + 2)}`} class=${`md-heading ${look ?? ""}`}>${words(block.text)}<//>` as VNode;
    case "code":
      return html`<${CodeBlock} block=${block} spell=${marks.spell} />` as VNode;
    case "quote":
      return html`<blockquote class=${look}>${inner(block.blocks)}</blockquote>` as VNode;
    case "rule":
      return html`<hr />` as VNode;
    case "list": {
      const items = block.items.map((item, i) => {
        const goesOn = block.goesOn && i === 0 ? "md-goes-on" : undefined;
        return html`<li class=${goesOn}>${isTight(item) ? words(item[0].text) : inner(item)}</li>`;
      });
      return (
        block.ordered
          ? html`<ol class=${look} start=${block.start}>${items}</ol>`
          : html`<ul class=${look}>${items}</ul>`
      ) as VNode;
    }
    case "table": {
      const side = (column: number) => (block.align[column] ? `align-${block.align[column]}` : undefined);
      const goesOn = block.part !== undefined && block.part !== "first";
      // The head of each piece is there for those who hear it; seen it is once.
      return html`
        <div class=${`md-table ${look ?? ""}`} tabindex="0" role="region" aria-label=${t("chat.table")}>
          <table style=${look && { "--columns": block.head.length }}>
            <thead class=${goesOn ? "md-head-heard" : undefined}>
              <tr>${block.head.map((cell, i) => html`<th class=${side(i)}>${words(cell)}</th>`)}</tr>
            </thead>
            <tbody>
              ${block.rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class=${side(i)}>${words(cell)}</td>`)}</tr>`)}
            </tbody>
          </table>
        </div>
      ` as VNode;
    }
    case "paragraph":
      return html`<p class=${look}>${words(block.text)}</p>` as VNode;
  }
}

function isTight(item: readonly Block[]): item is readonly [Extract<Block, { type: "paragraph" }>] {
  return item.length === 1 && item[0]?.type === "paragraph";
}
