import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import { t } from "../text/text.ts";
import { fileSize, wholeNumber } from "../text/times.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import { clearUploads, isOver, retryUpload, type Upload, uploads } from "./uploads.ts";

/** Of many files those that matter now are shown: what failed, what is under way, and the newest of the rest. */
const MOST_SHOWN = 50;

/** What became of each file that was sent in this visit. */
export function UploadList() {
  const all = uploads.value;
  if (all.length === 0) return null;
  const over = all.filter((upload) => isOver(upload.value)).length;
  const failed = all.filter((upload) => upload.value.state === "failed").length;
  const shown = [...all].sort((a, b) => weight(a.value) - weight(b.value)).slice(0, MOST_SHOWN);
  return html`
    <section class="uploads" aria-label=${t("uploads.title")}>
      <header class="uploads-head">
        <p role="status">
          ${t("uploads.count", { over: wholeNumber(over), all: wholeNumber(all.length) })}
          ${failed > 0 && html` · <span class="bad-text">${t("uploads.failed", { failed: wholeNumber(failed) })}</span>`}
        </p>
        <progress class="uploads-bar" max=${all.length} value=${over} aria-label=${t("uploads.title")}></progress>
        ${over > 0 && html`<button type="button" class="link-button" onClick=${clearUploads}>${t("uploads.clear")}</button>`}
      </header>
      <ul class="uploads-list">
        ${shown.map((upload) => html`<${UploadRow} key=${upload.peek().id} upload=${upload} />`)}
      </ul>
    </section>
  `;
}

const WEIGHTS = { failed: 0, working: 1, queued: 1, sending: 1, waiting: 2, ready: 3, unchanged: 3 } as const;
const weight = ({ state, id }: Upload): number => WEIGHTS[state] * 1e9 + (state === "waiting" ? id : -id);

function UploadRow({ upload }: { readonly upload: Signal<Upload> }) {
  const { path, file, state, step, failure } = upload.value;
  const why = failure && explainFailure(failure);
  return html`
    <li class=${`upload upload-${state}`}>
      <${Icon} name=${state === "failed" ? "warning" : isOver(upload.value) ? "check" : "clock"} />
      <span class="upload-names">
        <span class="upload-path" dir="auto">${shownText(path)}</span>
        <span class="quiet">
          ${why ? `${why.title}. ${why.text}` : state === "working" && step ? t("uploads.step", { step }) : t(`uploads.state.${state}`)}
        </span>
      </span>
      <span class="quiet upload-size">${fileSize(file.size)}</span>
      ${state === "failed" && html`<button type="button" class="button" onClick=${() => retryUpload(upload)}>${t("common.retry")}</button>`}
    </li>
  `;
}
