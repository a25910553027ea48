import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import type { SystemStatus } from "../shapes.ts";
import { t } from "../text/text.ts";
import { Light } from "./light.ts";

/** Models by alias, and the servers that answer for them, in the order in which they are tried. */
export function ModelsCard({ system }: { readonly system: SystemStatus }) {
  const { gateway } = system;
  if (!gateway) return html`<${Light} good=${false} text=${t("status.gatewayAway")} />`;
  const byName = new Map(gateway.upstreams.map((upstream) => [upstream.name, upstream]));
  return html`
    ${gateway.models.map(
      ({ alias, running, queued, upstreams }) => html`
        <div key=${alias} class="model">
          <p class="pair"><b>${shownText(alias)}</b><span class="quiet">${t("status.load", { running, queued })}</span></p>
          ${upstreams.map((name) => {
            const healthy = byName.get(name)?.healthy === true;
            return html`<${Light} key=${name} good=${healthy} text=${`${shownText(name)}: ${t(healthy ? "status.healthy" : "status.unhealthy")}`} />`;
          })}
        </div>
      `,
    )}
  `;
}
