import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { Source, SyncReport } from "../shapes.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { agoTime, fullTime } from "../text/times.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import { Pane } from "../ui/pane.ts";
import { reloadDocuments } from "./document-list-state.ts";
import { readersText } from "./readers-text.ts";

/** Places that documents come from, and their syncs. */
export function SourcesPane() {
  const sources = useSignal<readonly Source[] | undefined>(undefined);
  const read = async (): Promise<void> => {
    try {
      sources.value = await api.sources();
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  useEffect(() => void read(), []);
  return html`
    <${Pane} title=${t("documents.sources")} label=${t("documents.sources")}>
      <p class="quiet pane-note">${t("sources.text")}</p>
      <ul class="source-rows">
        ${sources.value?.map((source) => html`<${SourceRow} key=${source.id} source=${source} onChanged=${read} />`)}
      </ul>
      ${sources.value?.length === 0 && html`<p class="quiet">${t("sources.none")}</p>`}
      <${AddSource} onChanged=${read} />
    <//>
  `;
}

type Changed = { readonly onChanged: () => Promise<void> };

function SourceRow({ source, onChanged }: { readonly source: Source } & Changed) {
  const [busy, setBusy] = useState(false);
  const [ended, setEnded] = useState<Source | undefined>(undefined);
  const sync = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      setEnded(await api.syncSource(source.id));
      await Promise.all([onChanged(), reloadDocuments()]);
    } catch (error) {
      say(explainFailure(error).title, "bad");
    } finally {
      setBusy(false);
    }
  };
  const { problem } = ended ?? source;
  return html`
    <li class="source-row">
      <p class="breakable" dir="auto"><${Icon} name="folder" /> <b>${shownText(source.location)}</b></p>
      <p class="quiet">
        ${t("documents.collection")}: ${shownText(source.collection)} · ${readersText(source.acl)} ·
        ${source.synced_at ? t("sources.synced", { when: agoTime(source.synced_at) }) : t("sources.never")}
        ${source.next_sync_at !== null && ` · ${t("sources.next", { time: fullTime(source.next_sync_at) })}`}
      </p>
      ${problem && html`<p class="bad-text">${shownText(problem.message)}</p>`}
      <button type="button" class="button" aria-disabled=${busy} onClick=${sync}>
        <${Icon} name="again" />${t(busy ? "sources.syncing" : "sources.sync")}
      </button>
      ${ended?.report && html`<${Report} report=${ended.report} />`}
    </li>
  `;
}

const Report = ({ report }: { readonly report: SyncReport }) => {
  const { added, changed, removed, unchanged, skipped } = report;
  return html`
    <div role="status">
      <p class="quiet">${t("sources.report", { added, changed, removed, unchanged })}</p>
      ${
        skipped.length > 0 &&
        html`<p class="quiet">${t("sources.skipped")}</p>
          <ul class="skipped">
            ${skipped.slice(0, 50).map(({ path, reason }) => html`<li class="quiet breakable" dir="auto">${shownText(path)}: ${shownText(reason)}</li>`)}
          </ul>`
      }
    </div>
  `;
};

function AddSource({ onChanged }: Changed) {
  const [location, setLocation] = useState("");
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await api.addSource(location.trim());
      setLocation("");
      await onChanged();
    } catch (error) {
      const { title, text } = explainFailure(error);
      say(`${title}. ${text}`, "bad");
    }
  };
  return html`
    <form class="pane-section" onSubmit=${add}>
      <label class="field-label" for="location">${t("sources.add")}</label>
      <div class="inline-form">
        <input
          id="location"
          class="field"
          maxlength="4096"
          placeholder="/home/maria/handbook"
          value=${location}
          onInput=${(event: Event) => setLocation((event.currentTarget as HTMLInputElement).value)}
        />
        <button type="submit" class="button" disabled=${location.trim() === ""}>${t("readers.add")}</button>
      </div>
      <p class="quiet">${t("sources.addNote")}</p>
    </form>
  `;
}
