import { html } from "htm/preact";
import type { VNode } from "preact";
import { t } from "../text/text.ts";
import { memo } from "../ui/memo.ts";
import type { Block } from "./block.ts";
import { CodeBlock } from "./code-block.ts";
import { parseBlocks } from "./parse-blocks.ts";
import { Words } from "./words.ts";

/** Draws the citation mark at an index of the answer. */
export type DrawMark = (index: number) => VNode | string;
/** A mark as plain text, where it stands in code. */
export type SpellMark = (index: number) => string;
type Marks = { readonly draw: DrawMark; readonly spell: SpellMark };

/**
 * Markdown as elements, never as markup: there is no way from a text to a tag, an attribute or an address that was
 * not made here. While a text grows, only the block that grew is drawn anew.
 */
export const Markdown = ({ text, draw, spell }: { readonly text: string } & Marks) =>
  html`${parseBlocks(text).map((block, i) => html`<${TopBlock} key=${i} block=${block} draw=${draw} spell=${spell} />`)}`;

type Props = { readonly block: Block } & Marks;

const drawBlock = ({ block, draw, spell }: Props): VNode => {
  const inner = (blocks: readonly Block[]) => blocks.map((one) => drawBlock({ block: one, draw, spell }));
  const words = (text: string) => html`<${Words} text=${text} draw=${draw} spell=${spell} />`;
  switch (block.type) {
    case "heading":
      // The page has headings of its own above: an answer's begin below them.
      return html`<${`h${Math.min(6, block.depth + 2)}`} class="md-heading">${words(block.text)}<//>` as VNode;
    case "code":
      return html`<${CodeBlock} language=${block.language} text=${block.text} spell=${spell} />` as VNode;
    case "quote":
      return html`<blockquote>${inner(block.blocks)}</blockquote>` as VNode;
    case "rule":
      return html`<hr />` as VNode;
    case "list": {
      const items = block.items.map((item) => html`<li>${isTight(item) ? words(item[0].text) : inner(item)}</li>`);
      return (block.ordered ? html`<ol start=${block.start}>${items}</ol>` : html`<ul>${items}</ul>`) as VNode;
    }
    case "table": {
      const side = (column: number) => (block.align[column] ? `align-${block.align[column]}` : undefined);
      return html`
        <div class="md-table" tabindex="0" role="region" aria-label=${t("chat.table")}>
          <table>
            <thead><tr>${block.head.map((cell, i) => html`<th class=${side(i)}>${words(cell)}</th>`)}</tr></thead>
            <tbody>
              ${block.rows.map((row) => html`<tr>${row.map((cell, i) => html`<td class=${side(i)}>${words(cell)}</td>`)}</tr>`)}
            </tbody>
          </table>
        </div>
      ` as VNode;
    }
    case "paragraph":
      return html`<p>${words(block.text)}</p>` as VNode;
  }
};

function isTight(item: readonly Block[]): item is readonly [Extract<Block, { type: "paragraph" }>] {
  return item.length === 1 && item[0]?.type === "paragraph";
}

const TopBlock = memo(
  drawBlock,
  (before, now) =>
    before.block.raw === now.block.raw && before.draw === now.draw && before.block.type === now.block.type,
);
