import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { shownText } from "../markdown/shown-text.ts";
import type { DocumentView } from "../shapes.ts";
import { addressOf, route } from "../state/route.ts";
import { t } from "../text/text.ts";
import { agoTime, fullTime } from "../text/times.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import { Notice } from "../ui/notice.ts";
import { documents, failure, loading, loadMoreDocuments, reloadDocuments } from "./document-list-state.ts";
import { readersText } from "./readers-text.ts";

/** In pixels; rows are equally high, so that those in sight are known without looking at the others. */
const ROW_HEIGHT = 64;
const SPARE_ROWS = 8;

/** As many rows as fit are drawn, however many documents there are. */
export function DocumentList() {
  const scroller = useRef<HTMLDivElement>(null);
  const [[first, last], setRange] = useState<readonly [number, number]>([0, 30]);
  const all = documents.value;
  const look = (): void => {
    if (!scroller.current) return;
    const { scrollTop, clientHeight } = scroller.current;
    const from = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const to = Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + SPARE_ROWS;
    if (from !== first || to !== last) setRange([from, to]);
    if (to >= all.length) void loadMoreDocuments().catch(() => undefined);
  };
  useLayoutEffect(look, [all.length]);
  if (failure.value !== undefined && all.length === 0) return html`<${ListFailure} />`;
  if (all.length === 0)
    return html`<p class="quiet list-note">${t(loading.value ? "common.loading" : "documents.none")}</p>`;
  return html`
    <div class="document-list" ref=${scroller} onScroll=${look} tabindex="-1" data-testid="document-list">
      <ul style=${{ height: `${all.length * ROW_HEIGHT}px` }} aria-label=${t("nav.documents")}>
        ${all.slice(first, last).map((document, i) => html`<${Row} key=${document.id} document=${document} at=${first + i} count=${all.length} />`)}
      </ul>
    </div>
  `;
}

type RowProps = { readonly document: DocumentView; readonly at: number; readonly count: number };

function Row({ document, at, count }: RowProps) {
  const { id, title, uri, state, acl, updated_at } = document;
  const { pane } = route.value;
  const current = pane?.kind === "document" && pane.document === id;
  const address = addressOf({ view: "documents", conversation: undefined, pane: { kind: "document", document: id } });
  return html`
    <li class="row" style=${{ top: `${at * ROW_HEIGHT}px` }} aria-posinset=${at + 1} aria-setsize=${count}>
      <a class="row-link" href=${address} aria-current=${current ? "true" : undefined}>
        <span class="row-names">
          <span class="row-title" dir="auto">${shownText(title)}</span>
          <span class="row-uri" dir="auto">${shownText(uri)}</span>
        </span>
        <span class="row-readers"><${Icon} name="lock" />${readersText(acl)}</span>
        <time class="row-time" datetime=${updated_at} title=${fullTime(updated_at)}>${agoTime(updated_at)}</time>
        <${StateTag} state=${state} />
      </a>
    </li>
  `;
}

const TONES = { ready: "tag-good", pending: "", failed: "tag-bad", retired: "" } as const;

export const StateTag = ({ state }: { readonly state: keyof typeof TONES }) =>
  html`<span class=${`tag ${TONES[state]}`}>${t(`documents.state.${state}`)}</span>`;

const ListFailure = () => {
  const { title, text } = explainFailure(failure.value);
  return html`
    <${Notice} tone="bad" title=${title} text=${text}>
      <button type="button" class="button" onClick=${() => reloadDocuments().catch(() => undefined)}>${t("common.retry")}</button>
    <//>
  `;
};
