import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import type { Citation } from "../shapes.ts";
import { placeText } from "../sources/place-text.ts";
import { showPane } from "../state/route.ts";
import { t } from "../text/text.ts";
import { paneOf } from "./citation-mark.ts";
import type { Turn } from "./turn.ts";

/** The documents that an answer cites, each once, in the order of their numbers. */
export function SourceList({ turn }: { readonly turn: Signal<Turn> }) {
  const { citations = [], answerId } = turn.value;
  const byMarker = new Map<number, number>();
  for (const [i, { marker }] of citations.entries()) if (!byMarker.has(marker)) byMarker.set(marker, i);
  if (byMarker.size === 0) return null;
  const first = [...byMarker].sort(([a], [b]) => a - b);
  return html`
    <ul class="sources" aria-label=${t("chat.sources")}>
      ${first.map(
        ([marker, at]) => html`
          <li key=${marker}><${SourceChip} citation=${citations[at]!} onOpen=${() => showPane(paneOf(citations[at]!, answerId, at))} /></li>
        `,
      )}
    </ul>
  `;
}

function SourceChip({ citation, onOpen }: { readonly citation: Citation; readonly onOpen: () => void }) {
  const { marker, source } = citation;
  if (!("quote" in source)) {
    return html`<span class="source source-gone"><b>${marker}</b><span>${t(source.status === "withdrawn" ? "citation.withdrawnShort" : "citation.goneShort")}</span></span>`;
  }
  const section = source.heading_path.at(-1);
  const { title } = source;
  const where = placeText(source);
  const names = [section && section !== title ? shownText(section) : undefined, where].filter(Boolean);
  return html`
    <button type="button" class="source" onClick=${onOpen}>
      <b>${marker}</b>
      <span class="source-names">
        <span class="source-title" dir="auto">${shownText(title)}</span>
        ${names.length > 0 && html`<span class="source-section" dir="auto">${names.join(" · ")}</span>`}
      </span>
    </button>
  `;
}
