import { html } from "htm/preact";
import * as api from "../api.ts";
import { safeLink } from "../markdown/safe-link.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { Citation, DocumentDetails } from "../shapes.ts";
import type { SourcePlace } from "../state/route.ts";
import { t } from "../text/text.ts";
import { fullTime } from "../text/times.ts";
import { Icon } from "../ui/icon.ts";
import { placeText } from "./place-text.ts";

type Props = {
  readonly place: SourcePlace;
  readonly details: DocumentDetails;
  readonly citation: Citation | undefined;
};

/** Where the words stand, of which version they are, and where the original is. */
export function DocumentFacts({ place, details, citation }: Props) {
  const at = details.versions.findIndex(({ id }) => id === place.version);
  const version = details.versions[at];
  const number = details.versions.length - at;
  const path = citation && "quote" in citation.source ? citation.source.heading_path : [];
  const where = citation && "quote" in citation.source ? placeText(citation.source) : undefined;
  const outside = safeLink(version?.link ?? details.uri);
  return html`
    <div class="facts">
      ${path.length > 0 && html`<p class="facts-path" dir="auto">${shownText(path.join(" › "))}</p>`}
      <p class="facts-line">
        ${where && html`<span>${where}</span>`}
        ${version && html`<span>${t("source.version", { number, date: fullTime(version.ready_at ?? version.created_at) })}</span>`}
        ${version && place.version !== details.current_version && html`<span class="tag tag-warn">${t("source.older")}</span>`}
      </p>
      <p class="facts-line">
        <span class="facts-uri" dir="auto">${shownText(details.uri)}</span>
        ${
          outside
            ? html`<a class="outside" href=${outside.href} target="_blank" rel="noopener noreferrer nofollow"
                >${t("source.visit", { host: outside.host })}<${Icon} name="external"
              /></a>`
            : html`<a href=${api.originalAddress(details.id, place.version)} download>${t("source.original")}<${Icon} name="download" /></a>`
        }
      </p>
    </div>
  `;
}
