import { html } from "htm/preact";
import type { VNode } from "preact";
import type { Marks } from "./marks.ts";
import { FIRST_MARK, type Inline, parseInline } from "./parse-inline.ts";

/** A block's text with its emphasis, code, links and citation marks. */
export const drawWords = (text: string, marks: Marks): (VNode | string)[] =>
  parseInline(text).map((part) => drawPart(part, marks));

/** Marks among code are the characters that the author wrote. */
export const spellMarks = (text: string, spell: Marks["spell"]): string =>
  text.replaceAll(/[\ue000-\uf8ff]/g, (mark) => spell(mark.charCodeAt(0) - FIRST_MARK));

function drawPart(part: Inline, marks: Marks): VNode | string {
  switch (part.type) {
    case "text":
      return part.text;
    case "code":
      return html`<code>${spellMarks(part.text, marks.spell)}</code>` as VNode;
    case "mark":
      return marks.draw(part.index);
    case "break":
      return html`<br />` as VNode;
    case "link": {
      const words = part.children.map((child) => drawPart(child, marks));
      // Whatever the words say, the reader sees where they would go.
      const named = part.children.some((child) => child.type === "text" && child.text.includes(part.host));
      return html`<a class="outside" href=${part.href} target="_blank" rel="noopener noreferrer nofollow">${words}${
        !named && html` <span class="outside-host">(${part.host})</span>`
      }</a>` as VNode;
    }
    default:
      return html`<${part.type}>${part.children.map((child) => drawPart(child, marks))}<//>` as VNode;
  }
}
