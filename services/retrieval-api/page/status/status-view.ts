import { useSignal } from "@preact/signals";
import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import * as api from "../api.ts";
import type { IngestionStatus, Readiness, SystemStatus } from "../shapes.ts";
import { isAdmin, mayIngest } from "../state/session.ts";
import { t } from "../text/text.ts";
import { agoTime, fileSize, wholeNumber } from "../text/times.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Notice } from "../ui/notice.ts";
import { ViewHeader } from "../ui/view-header.ts";
import { Failures } from "./failures.ts";
import { Light } from "./light.ts";
import { ModelsCard } from "./models-card.ts";

const REFRESH_MS = 5000;

type Found = {
  readonly readiness: Readiness | undefined;
  readonly ingestion: IngestionStatus | undefined;
  readonly system: SystemStatus | undefined;
};

/** One look at an installation, for whoever runs it. */
export function StatusView() {
  const found = useSignal<Found | undefined>(undefined);
  const failure = useSignal<unknown>(undefined);
  useEffect(() => {
    const read = async (): Promise<void> => {
      try {
        const [readiness, ingestion, system] = await Promise.all([
          api.readiness(),
          mayIngest.value ? api.ingestionStatus() : undefined,
          isAdmin.value ? api.systemStatus() : undefined,
        ]);
        found.value = { readiness, ingestion, system };
        failure.value = undefined;
      } catch (error) {
        failure.value = error;
      }
    };
    void read();
    const timer = setInterval(() => document.visibilityState === "visible" && void read(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return html`
    <section class="status" aria-label=${t("nav.status")}>
      <${ViewHeader} title=${t("nav.status")} level=${1} />
      <div class="status-body">
        ${failure.value !== undefined && html`<${Notice} tone="bad" ...${explainFailure(failure.value)} />`}
        ${!isAdmin.value && html`<${Notice} icon="lock" title=${t("status.limited")} text=${t("status.limited.text")} />`}
        ${found.value && html`<${Cards} found=${found.value} />`}
      </div>
    </section>
  `;
}

function Cards({ found }: { readonly found: Found }) {
  const { readiness, ingestion, system } = found;
  return html`
    <div class="cards">
      ${
        readiness &&
        html`<${Card} title=${t("status.processes")}>
          <${Light} good=${readiness.status === "ok"} text=${t(readiness.status === "ok" ? "status.ready" : "status.notReady")} />
          ${Object.entries(readiness.checks).map(([name, state]) => html`<${Light} key=${name} good=${state === "ok"} text=${`${name}: ${state}`} />`)}
          ${system && html`<p class="quiet">${t("status.version", { version: system.version, since: agoTime(system.started_at) })}</p>`}
        <//>`
      }
      ${system && html`<${Card} title=${t("status.models")}><${ModelsCard} system=${system} /><//>`}
      ${ingestion && html`<${Card} title=${t("status.documents")}><${Numbers} pairs=${documentNumbers(ingestion)} /><//>`}
      ${ingestion && html`<${Card} title=${t("status.queue")}><${Numbers} pairs=${queueNumbers(ingestion)} /><//>`}
      ${system && html`<${Card} title=${t("status.answers")}><${Numbers} pairs=${answerNumbers(system)} /><//>`}
      ${
        system &&
        html`<${Card} title=${t("status.index")}>
          ${system.generations.map(({ id, status }) => html`<p key=${id} class="pair"><code>${id.slice(0, 8)}</code><span class=${`tag ${status === "live" ? "tag-good" : ""}`}>${status}</span></p>`)}
          <p class="quiet">${t("status.release", { name: system.release.name, digest: system.release.digest.slice(7, 19) })}</p>
        <//>`
      }
      ${system?.disk && html`<${Card} title=${t("status.disk")}><${Disk} disk=${system.disk} /><//>`}
      <${Card} title=${t("status.more")}>
        <ul class="links">
          <li><a href="/metrics" target="_blank" rel="noopener">${t("status.metrics")}</a></li>
          <li><a href="/openapi.json" target="_blank" rel="noopener">${t("status.openapi")}</a></li>
        </ul>
        <p class="quiet">${t("status.metricsNote")}</p>
      <//>
    </div>
    ${ingestion && ingestion.last_failures.length > 0 && html`<${Failures} jobs=${ingestion.last_failures} />`}
  `;
}

const Card = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => html`
  <section class="card" aria-label=${title}><h2 class="card-title">${title}</h2>${children}</section>
`;

type Pair = readonly [name: string, value: number, bad?: boolean];

const Numbers = ({ pairs }: { readonly pairs: readonly Pair[] }) => html`
  <dl class="numbers">
    ${pairs.map(([name, value, bad]) => html`<div key=${name} class=${bad && value > 0 ? "number number-bad" : "number"}><dt>${name}</dt><dd>${wholeNumber(value)}</dd></div>`)}
  </dl>
`;

const documentNumbers = ({ documents }: IngestionStatus): Pair[] => [
  [t("status.searchable"), documents.searchable],
  [t("status.all"), documents.total],
];
const queueNumbers = ({ jobs }: IngestionStatus): Pair[] => [
  [t("status.waiting"), jobs.ready],
  [t("status.working"), jobs.leased],
  [t("status.done"), jobs.done],
  [t("status.failed"), jobs.dead, true],
];
const answerNumbers = ({ answers_last_day: counts }: SystemStatus): Pair[] => [
  [t("status.answered"), (counts.answered ?? 0) + (counts.partial ?? 0)],
  [t("status.noEvidence"), counts.no_evidence ?? 0],
  [t("status.stopped"), (counts.aborted ?? 0) + (counts.refused ?? 0)],
  [t("status.failed"), counts.error ?? 0, true],
];

const Disk = ({ disk }: { readonly disk: { readonly used: number; readonly free: number } }) => html`
  <p class="big-number">${fileSize(disk.used)}</p>
  <meter class="disk" min="0" max=${disk.used + disk.free} value=${disk.used} aria-label=${t("status.disk")}></meter>
  <p class="quiet">${t("status.free", { free: fileSize(disk.free) })}</p>
`;
