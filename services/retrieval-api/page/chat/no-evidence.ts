import { type Signal, useSignal } from "@preact/signals";
import { html } from "htm/preact";
import * as api from "../api.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { Passage } from "../shapes.ts";
import { whereIn } from "../sources/where-in.ts";
import { goTo, showPane } from "../state/route.ts";
import { mayIngest } from "../state/session.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import type { Turn } from "./turn.ts";

/** A refusal for want of evidence: what was searched, what no model was asked, and what to try. */
export function NoEvidence({ turn }: { readonly turn: Signal<Turn> }) {
  const nearest = useSignal<readonly Passage[] | undefined>(undefined);
  const look = async (): Promise<void> => {
    try {
      nearest.value = await api.search(turn.peek().question);
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  return html`
    <div class="refusal">
      <p class="refusal-title"><${Icon} name="search" />${t("refusal.title")}</p>
      <p>${t("refusal.searched")}</p>
      <p class="refusal-try">${t("refusal.try")}</p>
      <ul class="refusal-list">
        <li>${t("refusal.try.words")}</li>
        <li>${t("refusal.try.whole")}</li>
        ${
          mayIngest.value &&
          html`<li><button type="button" class="link-button" onClick=${() => goTo({ view: "documents" })}>${t("refusal.try.add")}</button></li>`
        }
        ${
          nearest.value === undefined &&
          html`<li><button type="button" class="link-button" onClick=${look}>${t("refusal.try.nearest")}</button></li>`
        }
      </ul>
      ${nearest.value && html`<${Nearest} passages=${nearest.value} />`}
    </div>
  `;
}

const Nearest = ({ passages }: { readonly passages: readonly Passage[] }) =>
  passages.length === 0
    ? html`<p class="quiet">${t("refusal.nothingNear")}</p>`
    : html`
        <ul class="passages" aria-label=${t("refusal.nearest")}>
          ${passages.map(
            (passage) => html`
              <li key=${passage.rank}>
                <button type="button" class="passage" onClick=${() => openPassage(passage)}>
                  <span class="passage-where" dir="auto">${whereIn(passage)}</span>
                  <span class="passage-text" dir="auto">${shownText(passage.text).slice(0, 240)}</span>
                </button>
              </li>
            `,
          )}
        </ul>
      `;

function openPassage({ document_id, version_id, start, end }: Passage): void {
  showPane({ kind: "source", document: document_id, version: version_id, start, end });
}
