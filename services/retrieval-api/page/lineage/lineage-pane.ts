import { html } from "htm/preact";
import * as api from "../api.ts";
import type { Answer } from "../shapes.ts";
import { t } from "../text/text.ts";
import { fullTime } from "../text/times.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Notice } from "../ui/notice.ts";
import { Pane } from "../ui/pane.ts";
import { useLoaded } from "../ui/use-loaded.ts";
import { CheckSection } from "./check-section.ts";
import { ClaimsSection } from "./claims-section.ts";
import { EvidenceSection } from "./evidence-section.ts";
import { MadeSection } from "./made-section.ts";

/** How an answer came about, in the order in which somebody who doubts it asks. */
export function LineagePane({ id }: { readonly id: string }) {
  const { value: answer, failure } = useLoaded(() => api.answer(id), [id]);
  const known = answer.value;
  return html`
    <${Pane} title=${t("lineage.title")} label=${t("lineage.title")}>
      ${failure.value !== undefined && html`<${Notice} tone="bad" ...${explainFailure(failure.value)} />`}
      ${failure.value === undefined && !known && html`<p class="quiet pane-note">${t("common.loading")}</p>`}
      ${known && html`<${Sections} key=${known.id} answer=${known} />`}
    <//>
  `;
}

const Sections = ({ answer }: { readonly answer: Answer }) => html`
  <p class="lineage-lead">${t(`lineage.outcome.${outcomeOf(answer)}`)} <span class="quiet">${fullTime(answer.created_at)}</span></p>
  ${
    answer.withdrawn.length > 0 &&
    html`<${Notice} tone="bad" title=${t("lineage.withdrawn")} text=${answer.withdrawn.map(({ kind, reason }) => t("lineage.withdrawnOne", { kind: t(`lineage.kind.${kind}`), reason: reason ?? "" })).join(" ")} />`
  }
  <${CheckSection} answer=${answer} />
  <${EvidenceSection} answer=${answer} />
  <${MadeSection} answer=${answer} />
  <${ClaimsSection} answer=${answer} />
`;

const OUTCOMES = ["answered", "partial", "no_evidence", "refused", "aborted", "error"] as const;

const outcomeOf = ({ outcome }: Answer): (typeof OUTCOMES)[number] =>
  OUTCOMES.find((one) => one === outcome) ?? "error";
