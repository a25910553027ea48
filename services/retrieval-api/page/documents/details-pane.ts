import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { DocumentDetails } from "../shapes.ts";
import { showPane } from "../state/route.ts";
import { mayIngest } from "../state/session.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { fullTime } from "../text/times.ts";
import { confirm } from "../ui/confirm.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import { Notice } from "../ui/notice.ts";
import { Pane } from "../ui/pane.ts";
import { StateTag } from "./document-list.ts";
import { reloadDocuments } from "./document-list-state.ts";
import { ReadersField } from "./readers-field.ts";
import { VersionList } from "./version-list.ts";

/** Everything about one document, and what can be done with it. */
export function DetailsPane({ document }: { readonly document: string }) {
  const details = useSignal<DocumentDetails | undefined>(undefined);
  const failure = useSignal<unknown>(undefined);
  const read = async (): Promise<void> => {
    try {
      details.value = await api.documentDetails(document);
      failure.value = undefined;
    } catch (error) {
      details.value = undefined;
      failure.value = error;
    }
  };
  useEffect(() => void read(), [document]);
  const known = details.value;
  return html`
    <${Pane} title=${known ? shownText(known.title) : t("documents.one")} label=${t("documents.one")}>
      ${failure.value !== undefined && html`<${Notice} icon="lock" ...${explainFailure(failure.value)} />`}
      ${known && html`<${Details} key=${known.id} details=${known} onChanged=${read} />`}
    <//>
  `;
}

type Props = { readonly details: DocumentDetails; readonly onChanged: () => Promise<void> };

const Details = ({ details, onChanged }: Props) => html`
  <dl class="pairs">
    <dt>${t("documents.state")}</dt>
    <dd><${StateTag} state=${details.state} /></dd>
    <dt>${t("documents.address")}</dt>
    <dd class="breakable" dir="auto">${shownText(details.uri)}</dd>
    <dt>${t("documents.collection")}</dt>
    <dd>${shownText(details.collection)}</dd>
    <dt>${t("documents.broughtBy")}</dt>
    <dd>${shownText(details.created_by)}, ${fullTime(details.created_at)}</dd>
  </dl>
  ${
    details.current_version &&
    html`<button
      type="button"
      class="button"
      onClick=${() => showPane({ kind: "source", document: details.id, version: details.current_version!, start: 0, end: 0 })}
    >
      <${Icon} name="documents" />${t("documents.read")}
    </button>`
  }
  ${mayIngest.value && html`<${ReadersForm} details=${details} onChanged=${onChanged} />`}
  <${VersionList} details=${details} onChanged=${onChanged} />
  ${mayIngest.value && html`<${DeleteButton} details=${details} />`}
`;

function ReadersForm({ details, onChanged }: Props) {
  const [acl, setAcl] = useState<readonly string[]>(details.acl);
  const changed = acl.length > 0 && [...acl].sort().join() !== [...details.acl].sort().join();
  const save = async (): Promise<void> => {
    try {
      await api.changeDocument(details.id, { acl });
      say(t("readers.saved"));
      await Promise.all([onChanged(), reloadDocuments()]);
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  return html`
    <div class="pane-section">
      <${ReadersField} acl=${acl} onChange=${setAcl} />
      ${changed && html`<button type="button" class="button button-primary" onClick=${save}>${t("readers.save")}</button>`}
      <p class="quiet">${t("readers.note")}</p>
    </div>
  `;
}

function DeleteButton({ details }: { readonly details: DocumentDetails }) {
  const remove = async (): Promise<void> => {
    const text = t("documents.deleteText", { title: shownText(details.title) });
    if (!(await confirm(t("documents.delete"), text, t("common.delete")))) return;
    try {
      await api.deleteDocument(details.id);
      say(t("documents.deleted"));
      showPane(undefined);
      await reloadDocuments();
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  return html`<div class="pane-section">
    <button type="button" class="button button-quiet-danger" onClick=${remove}><${Icon} name="trash" />${t("documents.deleteOne")}</button>
  </div>`;
}
