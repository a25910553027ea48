import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import type { Job } from "../shapes.ts";
import { addressOf } from "../state/route.ts";
import { isMessage, t } from "../text/text.ts";
import { agoTime } from "../text/times.ts";

/** Documents that could not be read, with the reason; each leads to where it can be tried again or deleted. */
export const Failures = ({ jobs }: { readonly jobs: readonly Job[] }) => html`
  <section class="failures" aria-label=${t("status.failures")}>
    <h2 class="card-title">${t("status.failures")}</h2>
    <ul>${jobs.map((job) => html`<${FailureRow} key=${job.id} job=${job} />`)}</ul>
  </section>
`;

function FailureRow({ job }: { readonly job: Job }) {
  const { document_id, reason, code, updated_at } = job;
  const title = `failure.${code}`;
  const address =
    document_id &&
    addressOf({ view: "documents", conversation: undefined, pane: { kind: "document", document: document_id } });
  return html`
    <li class="failure">
      <p><b>${isMessage(title) ? t(title) : t("failure.other")}</b> <span class="quiet">${agoTime(updated_at)}</span></p>
      <p class="quiet breakable" dir="auto">${shownText(reason ?? "")}</p>
      ${address && html`<a href=${address}>${t("documents.one")}</a>`}
    </li>
  `;
}
