import { type Signal, signal } from "@preact/signals";
import { html } from "htm/preact";
import { useId } from "preact/hooks";
import { shownText } from "../markdown/shown-text.ts";
import type { Citation } from "../shapes.ts";
import { whereIn } from "../sources/where-in.ts";
import { addressOf, type Pane, route } from "../state/route.ts";
import { t } from "../text/text.ts";
import type { Turn } from "./turn.ts";

const SHOW_AFTER_MS = 120;
const MAX_QUOTE = 420;

type Shown = { readonly id: string; readonly citation: Citation; readonly rect: DOMRect };

/** The one citation whose quote is shown. */
const shown = signal<Shown | undefined>(undefined);

export const PendingMark = ({ number }: { readonly number: number }) =>
  html`<span class="mark mark-pending">${number}</span>`;

/** `[n]`: the quote on hover and focus, the source at its very words on a click. */
export function CitationMark({ turn, at }: { readonly turn: Signal<Turn>; readonly at: number }) {
  const id = useId();
  const { citations, answerId } = turn.value;
  const citation = citations?.[at];
  if (!citation) return null;
  const gone = !("quote" in citation.source);
  const look = gone ? "mark-gone" : "verified" in citation && citation.verified ? "" : "mark-unverified";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = (event: Event): void => {
    const rect = (event.currentTarget as HTMLElement).getBoundingClientRect();
    clearTimeout(timer);
    timer = setTimeout(() => (shown.value = { id, citation, rect }), event.type === "focus" ? 0 : SHOW_AFTER_MS);
  };
  const hide = (): void => {
    clearTimeout(timer);
    if (shown.value?.id === id) shown.value = undefined;
  };
  const handlers = { onPointerEnter: show, onPointerLeave: hide, onFocus: show, onBlur: hide };
  const label = labelOf(citation);
  const describedBy = shown.value?.id === id ? "quote" : undefined;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || shown.value?.id !== id) return;
    event.preventDefault();
    hide();
  };
  const pane = paneOf(citation, answerId, at);
  // A joiner keeps the mark on the line of the word before it.
  if (!pane)
    return html`\u2060<span ...${handlers} class=${`mark ${look}`} tabindex="0" role="img" aria-label=${label} aria-describedby=${describedBy} onKeyDown=${onKeyDown}>${citation.marker}</span>`;
  return html`\u2060<a ...${handlers} class=${`mark ${look}`} href=${addressOf({ ...route.value, pane })} aria-label=${label} aria-describedby=${describedBy} onKeyDown=${onKeyDown} onClick=${hide}>${citation.marker}</a>`;
}

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

/** The quote of the citation that is pointed at. Once on the page. */
export function QuoteCard() {
  const now = shown.value;
  if (!now) return null;
  const { citation, rect } = now;
  const width = Math.min(380, innerWidth - 24);
  const left = Math.max(12, Math.min(rect.left + rect.width / 2 - width / 2, innerWidth - width - 12));
  const below = rect.top < 240;
  const place = below ? { top: `${rect.bottom + 8}px` } : { bottom: `${innerHeight - rect.top + 8}px` };
  return html`
    <div class="quote-card" id="quote" role="tooltip" style=${{ ...place, left: `${left}px`, width: `${width}px` }}>
      ${"quote" in citation.source ? html`<${Quote} citation=${citation} />` : html`<p>${t(citation.source.status === "withdrawn" ? "citation.withdrawn" : "citation.gone")}</p>`}
    </div>
  `;
}

function Quote({ citation }: { readonly citation: Extract<Citation, { verified: boolean }> }) {
  const { source, verified } = citation;
  const quote = shownText(source.quote);
  const short = Array.from(quote).slice(0, MAX_QUOTE).join("");
  return html`
    <p class="quote-card-text" dir="auto">“${short}${short.length < quote.length ? "…" : ""}”</p>
    <p class="quote-card-where" dir="auto">${whereIn(source)}</p>
    ${!verified && html`<p class="quote-card-note">${t("citation.unverified")}</p>`}
    ${source.status === "superseded" && html`<p class="quote-card-note">${t("citation.superseded")}</p>`}
  `;
}
