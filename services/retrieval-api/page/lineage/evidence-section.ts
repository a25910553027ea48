import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import type { Answer, LineageSource } from "../shapes.ts";
import { addressOf, route } from "../state/route.ts";
import { t } from "../text/text.ts";

/** Which documents the model was given, and which of them the answer cites. */
export function EvidenceSection({ answer }: { readonly answer: Answer }) {
  const { sources, sources_omitted = 0 } = answer.lineage;
  return html`
    <section class="pane-section">
      <h3 class="pane-subtitle">${t("lineage.documents")}</h3>
      ${sources.length === 0 && html`<p class="quiet">${t("lineage.noDocuments")}</p>`}
      <ol class="evidence">
        ${sources.map((source) => html`<${SourceRow} key=${source.rank} source=${source} answer=${answer} />`)}
      </ol>
      ${sources_omitted > 0 && html`<p class="quiet">${t("lineage.omitted", { count: sources_omitted })}</p>`}
    </section>
  `;
}

function SourceRow({ source, answer }: { readonly source: LineageSource; readonly answer: Answer }) {
  const { rank, use, status, title, uri, document_id, version_id } = source;
  const cited = answer.citations.find(({ marker }) => marker === rank)?.source;
  const place = cited && "quote" in cited ? { start: cited.start, end: cited.end } : { start: 0, end: 0 };
  const known = document_id && version_id ? { document: document_id, version: version_id } : undefined;
  const gone = status === "withdrawn" || status === "unavailable";
  return html`
    <li class=${`evidence-row ${use === "cited" ? "" : "evidence-read"}`}>
      <b class="evidence-number">${rank}</b>
      <span class="evidence-names">
        ${
          gone || !known
            ? html`<span class="quiet">${t(status === "withdrawn" ? "citation.withdrawnShort" : "citation.goneShort")}</span>`
            : html`<a dir="auto" href=${addressOf({ ...route.value, pane: { kind: "source", ...known, ...place } })}>${shownText(title ?? "")}</a>
                <span class="quiet breakable" dir="auto">${shownText(uri ?? "")}</span>`
        }
      </span>
      <span class=${`tag ${use === "cited" ? "tag-good" : ""}`}>${t(`lineage.use.${use}`)}</span>
      ${status === "superseded" && html`<span class="tag tag-warn">${t("lineage.newer")}</span>`}
    </li>
  `;
}
