import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import type { Answer } from "../shapes.ts";
import { t } from "../text/text.ts";
import { CopyButton } from "../ui/copy-button.ts";

const SHORT = 12;

/** Model, instructions and index that the answer was made with, each by a name that cannot be given to anything else. */
export function MadeSection({ answer }: { readonly answer: Answer }) {
  const { models, release, index, record, started_at, finished_at, verification } = answer.lineage;
  const seconds = ((Date.parse(finished_at) - Date.parse(started_at)) / 1000).toFixed(1);
  return html`
    <section class="pane-section">
      <h3 class="pane-subtitle">${t("lineage.made")}</h3>
      <dl class="pairs">
        <dt>${t("lineage.model")}</dt>
        <dd>
          ${
            models.length === 0
              ? t("lineage.noModel")
              : models.map(
                  ({ model, upstream }) =>
                    html`<span>${shownText(model)} <span class="quiet">${t("lineage.upstream", { upstream: shownText(upstream) })}</span></span>`,
                )
          }
        </dd>
        <dt>${t("lineage.release")}</dt>
        <dd>${shownText(release.name ?? "")} <${Digest} value=${release.digest} /></dd>
        <dt>${t("lineage.index")}</dt>
        <dd>${index.generation ? html`<${Digest} value=${index.generation} />` : "–"}</dd>
        <dt>${t("lineage.took")}</dt>
        <dd>${t("lineage.seconds", { seconds })}</dd>
        <dt>${t("lineage.record")}</dt>
        <dd><${Digest} value=${record.digest} /></dd>
        <dt>${t("lineage.level")}</dt>
        <dd>${t(levelText(verification))}</dd>
      </dl>
    </section>
  `;
}

function levelText({ level, signed }: Answer["lineage"]["verification"]) {
  if (level === "L3") return "lineage.level.L3" as const;
  return signed ? ("lineage.level.L2" as const) : ("lineage.level.L1" as const);
}

const Digest = ({ value }: { readonly value: string }) => {
  const plain = value.replace(/^sha256:/, "");
  return html`<span class="digest"><code title=${value}>${plain.slice(0, SHORT)}…</code><${CopyButton} label=${t("lineage.copyDigest")} text=${() => value} /></span>`;
};
