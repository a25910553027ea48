import { html } from "htm/preact";
import { useState } from "preact/hooks";
import * as api from "../api.ts";
import type { Answer } from "../shapes.ts";
import { mayAudit } from "../state/session.ts";
import { say } from "../state/toasts.ts";
import { isMessage, t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import { saveFile } from "../ui/save-file.ts";
import { type Check, type CheckReport, checkAnswer } from "./check-answer.ts";

/** The reader need not believe the server: this browser looks for itself. */
export function CheckSection({ answer }: { readonly answer: Answer }) {
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<CheckReport | undefined>(undefined);
  const run = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    try {
      setReport(await checkAnswer(answer));
    } catch (error) {
      say(explainFailure(error).title, "bad");
    } finally {
      setBusy(false);
    }
  };
  const download = async (): Promise<void> => {
    try {
      const text = await (await api.record(answer.id)).text();
      saveFile(`cairn-record-${answer.id}.json`, "application/json", text);
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  return html`
    <section class="lineage-check">
      <h3 class="pane-subtitle">${t("check.title")}</h3>
      <p class="quiet">${t("check.text")}</p>
      <div class="check-buttons">
        <button type="button" class="button button-primary" aria-disabled=${busy} onClick=${run}>
          <${Icon} name="shield" />${t(busy ? "check.running" : "check.run")}
        </button>
        ${mayAudit.value && html`<button type="button" class="button" onClick=${download}><${Icon} name="download" />${t("check.download")}</button>`}
      </div>
      <div role="status">
        ${
          report &&
          html`
            <p class=${`check-verdict ${report.ok ? "check-ok" : "check-failed"}`}>
              <${Icon} name=${report.ok ? "check" : "warning"} />${t(report.ok ? "check.ok" : "check.failed")}
            </p>
            <ul class="checks">${report.checks.map((check) => html`<${CheckRow} key=${check.name} check=${check} />`)}</ul>
            <p class="quiet">${t("check.proves")}</p>
          `
        }
      </div>
    </section>
  `;
}

const ICONS = { ok: "check", failed: "warning", skipped: "question", erased: "question" } as const;

function CheckRow({ check }: { readonly check: Check }) {
  const { name, result, detail } = check;
  const [title, text] = [`check.of.${name}`, `check.of.${name}.${result}`];
  return html`
    <li class=${`check check-row-${result}`} data-check=${name} data-result=${result}>
      <${Icon} name=${ICONS[result]} />
      <span>
        <b>${isMessage(title) ? t(title) : name}</b>
        <span class="unseen">: ${t(`check.result.${result}`)}</span>
        ${isMessage(text) ? html`<br /><span class="quiet">${t(text, { detail })}</span>` : result !== "ok" && html`<br /><span class="quiet breakable">${t(`check.result.${result}`)}: ${detail}</span>`}
      </span>
    </li>
  `;
}
