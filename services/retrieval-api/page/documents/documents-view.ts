import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { MAX_DOCUMENT_BYTES } from "#shared/formats.ts";
import { language } from "../state/preferences.ts";
import { showPane } from "../state/route.ts";
import { isAdmin, mayIngest } from "../state/session.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { wholeNumber } from "../text/times.ts";
import { Icon } from "../ui/icon.ts";
import { ViewHeader } from "../ui/view-header.ts";
import { DocumentFilter } from "./document-filter.ts";
import { DocumentList } from "./document-list.ts";
import { documents, filter, reloadDocuments, total } from "./document-list-state.ts";
import { chosenFiles, type DroppedFile, droppedFiles } from "./dropped-files.ts";
import { formatNames } from "./format-names.ts";
import { ReadersField } from "./readers-field.ts";
import { UploadList } from "./upload-list.ts";
import { addUploads } from "./uploads.ts";

const MEGABYTE = 1024 * 1024;
const POLL_MS = 2500;
const SEARCH_AFTER_MS = 200;

/** What Cairn answers from: bring documents, look after them, see what became of them. */
export function DocumentsView() {
  const [over, setOver] = useState(false);
  const [acl, setAcl] = useState<readonly string[]>(["tenant"]);
  const { query, state } = filter.value;
  useEffect(() => {
    const timer = setTimeout(() => reloadDocuments().catch(() => undefined), query === "" ? 0 : SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [query, state]);
  usePolling(documents.value.slice(0, 200).some((one) => one.state === "pending"));
  const add = (files: readonly DroppedFile[]): void => {
    if (acl.length === 0) say(t("readers.nobody"), "bad");
    else addUploads(files, acl);
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(add);
  };
  return html`
    <section
      class=${`documents ${over ? "documents-over" : ""}`}
      aria-label=${t("nav.documents")}
      onDragOver=${(event: DragEvent) => {
        event.preventDefault();
        setOver(mayIngest.value);
      }}
      onDragLeave=${(event: DragEvent) => event.currentTarget === event.target && setOver(false)}
      onDrop=${onDrop}
    >
      <${ViewHeader} title=${t("nav.documents")} level=${1}>
        ${total.value !== undefined && html`<span class="quiet wide-only">${t("documents.count", { count: wholeNumber(total.value) })}</span>`}
        ${
          isAdmin.value &&
          html`<button type="button" class="button" aria-label=${t("documents.sources")} title=${t("documents.sources")} onClick=${() => showPane({ kind: "sources" })}>
            <${Icon} name="layers" /><span class="wide-only">${t("documents.sources")}</span>
          </button>`
        }
        ${mayIngest.value && html`<${Choosers} onFiles=${add} />`}
      <//>
      <div class="documents-body">
        ${
          mayIngest.value &&
          html`
            <div class="drop-zone">
              <${Icon} name="upload" />
              <p><b>${t("documents.drop")}</b><br /><span class="quiet">${t("documents.formats", { formats: formatNames(language.value), size: MAX_DOCUMENT_BYTES / MEGABYTE })}</span></p>
              <${ReadersField} acl=${acl} onChange=${setAcl} />
            </div>
          `
        }
        <${UploadList} />
        <${DocumentFilter} />
        <${DocumentList} />
      </div>
    </section>
  `;
}

function Choosers({ onFiles }: { readonly onFiles: (files: readonly DroppedFile[]) => void }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const onChange = (event: Event): void => {
    const input = event.currentTarget as HTMLInputElement;
    onFiles(chosenFiles(input.files));
    input.value = "";
  };
  return html`
    <input ref=${files} type="file" multiple hidden data-testid="files" onChange=${onChange} />
    <input ref=${folder} type="file" webkitdirectory hidden data-testid="folder" onChange=${onChange} />
    <button type="button" class="button" aria-label=${t("documents.addFolder")} title=${t("documents.addFolder")} onClick=${() => folder.current!.click()}>
      <${Icon} name="folder" /><span class="wide-only">${t("documents.addFolder")}</span>
    </button>
    <button type="button" class="button button-primary" onClick=${() => files.current!.click()}>
      <${Icon} name="upload" />${t("documents.add")}
    </button>
  `;
}

/** While something is on its way, its state is asked for now and then. */
function usePolling(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void reloadDocuments().catch(() => undefined);
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [active]);
}
