import { html } from "htm/preact";
import type { VNode } from "preact";
import type { DrawMark, SpellMark } from "./markdown.ts";
import { FIRST_MARK, type Inline, parseInline } from "./parse-inline.ts";

type Props = { readonly text: string; readonly draw: DrawMark; readonly spell: SpellMark };

/** A block's text with its emphasis, code, links and citation marks. */
export const Words = ({ text, draw, spell }: Props) =>
  html`${parseInline(text).map((part) => drawPart(part, draw, spell))}`;

/** Marks among code are the characters that the author wrote. */
export const spellMarks = (text: string, spell: SpellMark): string =>
  text.replaceAll(/[\ue000-\uf8ff]/g, (mark) => spell(mark.charCodeAt(0) - FIRST_MARK));

function drawPart(part: Inline, draw: DrawMark, spell: SpellMark): VNode | string {
  switch (part.type) {
    case "text":
      return part.text;
    case "code":
      return html`<code>${spellMarks(part.text, spell)}</code>` as VNode;
    case "mark":
      return draw(part.index);
    case "break":
      return html`<br />` as VNode;
    case "link": {
      const words = part.children.map((child) => drawPart(child, draw, spell));
      // Whatever the words say, the reader sees where they would go.
      const named = part.children.some((child) => child.type === "text" && child.text.includes(part.host));
      return html`<a class="outside" href=${part.href} target="_blank" rel="noopener noreferrer nofollow">${words}${
        !named && html` <span class="outside-host">(${part.host})</span>`
      }</a>` as VNode;
    }
    default:
      return html`<${part.type}>${part.children.map((child) => drawPart(child, draw, spell))}<//>` as VNode;
  }
}
