import { html } from "htm/preact";
import type { VNode } from "preact";
import { shownText } from "../markdown/shown-text.ts";
import type { Citation } from "../shapes.ts";
import { addressOf, type Pane, route } from "../state/route.ts";
import { t } from "../text/text.ts";

/**
 * `[n]`: a link to the source at its very words. An answer may have thousands: they are plain elements, and whoever
 * holds the answer listens for them (`quote-card.ts`).
 */
export function citationMark(citation: Citation, answer: string | undefined, at: number): VNode {
  const gone = !("quote" in citation.source);
  const look = gone ? "mark-gone" : "verified" in citation && citation.verified ? "" : "mark-unverified";
  const pane = paneOf(citation, answer, at);
  // A joiner keeps the mark on the line of the word before it.
  return (
    pane
      ? html`\u2060<a class=${`mark ${look}`} href=${addressOf({ ...route.peek(), pane })} aria-label=${labelOf(citation)} data-citation=${at}>${citation.marker}</a>`
      : html`\u2060<span class=${`mark ${look}`} tabindex="0" role="img" aria-label=${labelOf(citation)} data-citation=${at}>${citation.marker}</span>`
  ) as VNode;
}

/** Where the citation is not known yet. */
export const pendingMark = (number: number): VNode => html`<span class="mark mark-pending">${number}</span>` as VNode;

/** The document of a citation at its words, beside the chat; of one that is gone there is nothing to open. */
export function paneOf(citation: Citation, answer: string | undefined, at: number): Pane | undefined {
  if (!("quote" in citation.source)) return undefined;
  const { document_id, version_id, start, end } = citation.source;
  return { kind: "source", document: document_id, version: version_id, start, end, answer, citation: at };
}

function labelOf(citation: Citation): string {
  const n = citation.marker;
  if (!("quote" in citation.source)) return t("citation.label.gone", { n });
  const { verified } = citation as Extract<Citation, { verified: boolean }>;
  return t(verified ? "citation.label" : "citation.label.unverified", { n, title: shownText(citation.source.title) });
}
