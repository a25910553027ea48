import { type Signal, signal } from "@preact/signals";
import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import type { Citation } from "../shapes.ts";
import { whereIn } from "../sources/where-in.ts";
import { t } from "../text/text.ts";
import type { Turn } from "./turn.ts";

const SHOW_AFTER_MS = 120;
const MAX_QUOTE = 420;

/** The one citation whose quote is shown: which of its answer's, and the mark that is pointed at. */
const shown = signal<{ readonly turn: Signal<Turn>; readonly at: number; readonly mark: HTMLElement } | undefined>(
  undefined,
);
let timer: ReturnType<typeof setTimeout> | undefined;

export function hideQuote(): void {
  clearTimeout(timer);
  shown.peek()?.mark.removeAttribute("aria-describedby");
  shown.value = undefined;
}

/** What the element that holds an answer does, so that pointing at a mark of it, or coming to it by key, shows its quote. */
export function quoteHandlers(turn: Signal<Turn>) {
  const show = (event: Event): void => {
    const mark = (event.target as Element).closest<HTMLElement>("[data-citation]");
    if (!mark || mark === shown.peek()?.mark) return;
    hideQuote();
    const open = (): void => {
      mark.setAttribute("aria-describedby", "quote");
      shown.value = { turn, at: Number(mark.dataset.citation), mark };
    };
    if (event.type === "focusin") open();
    else timer = setTimeout(open, SHOW_AFTER_MS);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !shown.peek()) return;
    event.preventDefault();
    hideQuote();
  };
  return {
    onPointerOver: show,
    onPointerOut: hideQuote,
    onFocusIn: show,
    onFocusOut: hideQuote,
    onClick: hideQuote,
    onKeyDown,
  };
}

/** The quote of the citation that is pointed at. Once on the page. */
export function QuoteCard() {
  const now = shown.value;
  // As it may be seen now: it may have been withdrawn since.
  const citation = now?.turn.value.citations?.[now.at];
  if (!now || !citation) return null;
  const rect = now.mark.getBoundingClientRect();
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
