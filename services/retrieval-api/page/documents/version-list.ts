import { html } from "htm/preact";
import * as api from "../api.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { DocumentDetails, Version } from "../shapes.ts";
import { addressOf, route } from "../state/route.ts";
import { mayIngest } from "../state/session.ts";
import { say } from "../state/toasts.ts";
import { isMessage, t } from "../text/text.ts";
import { fileSize, fullTime, wholeNumber } from "../text/times.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { StateTag } from "./document-list.ts";

type Props = { readonly details: DocumentDetails; readonly onChanged: () => Promise<void> };

/** Every version since the document came, newest first; what an answer was made from never changes. */
export const VersionList = ({ details, onChanged }: Props) => html`
  <section class="pane-section" aria-label=${t("versions.title")}>
    <h3 class="pane-subtitle">${t("versions.title")}</h3>
    <ol class="versions" reversed>
      ${details.versions.map((version, i) => html`<${VersionRow} key=${version.id} details=${details} version=${version} number=${details.versions.length - i} onChanged=${onChanged} />`)}
    </ol>
  </section>
`;

function VersionRow({
  details,
  version,
  number,
  onChanged,
}: Props & { readonly version: Version; readonly number: number }) {
  const { id, file_name, bytes, passages, state, reason, code, created_at, ready_at } = version;
  const pane = { kind: "source", document: details.id, version: id, start: 0, end: 0 } as const;
  const known = `failure.${code}`;
  const retry = async (): Promise<void> => {
    try {
      await api.retryJob(id);
      await onChanged();
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  return html`
    <li class="version" value=${number}>
      <p class="version-head">
        <b>${t("versions.number", { number })}</b>
        ${id === details.current_version ? html`<span class="tag tag-good">${t("versions.current")}</span>` : html`<${StateTag} state=${state} />`}
        <span class="quiet">${fullTime(ready_at ?? created_at)}</span>
      </p>
      <p class="quiet breakable" dir="auto">
        ${shownText(file_name)} · ${fileSize(bytes)}${passages !== null && ` · ${t("versions.passages", { passages: wholeNumber(passages) })}`}
      </p>
      ${state === "failed" && html`<p class="bad-text">${isMessage(known) && `${t(known)}. `}${shownText(reason ?? "")}</p>`}
      <p class="facts-line">
        ${
          ready_at !== null &&
          html`
            <a href=${addressOf({ ...route.value, pane })}>${t("documents.read")}</a>
            <a href=${api.originalAddress(details.id, id)} download>${t("source.original")}</a>
          `
        }
        ${state === "failed" && mayIngest.value && html`<button type="button" class="link-button" onClick=${retry}>${t("common.retry")}</button>`}
      </p>
    </li>
  `;
}
