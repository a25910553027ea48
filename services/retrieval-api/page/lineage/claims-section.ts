import { html } from "htm/preact";
import { sliceCodePoints } from "#shared/codepoints.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { Answer, Citation } from "../shapes.ts";
import { t } from "../text/text.ts";
import { Icon } from "../ui/icon.ts";

/** Nobody goes through thousands, and each is looked up in the answer from its beginning. */
const MOST_SHOWN = 100;

type Claim = Extract<Citation, { verified: boolean }>;

/** What the service checked before it sent the answer, claim by claim, and what it cannot check. */
export function ClaimsSection({ answer }: { readonly answer: Answer }) {
  const claims = answer.withheld ? [] : answer.citations.filter((one): one is Claim => "verified" in one);
  return html`
    <section class="pane-section">
      <h3 class="pane-subtitle">${t("lineage.checked")}</h3>
      ${claims.length === 0 && html`<p class="quiet">${t("lineage.noClaims")}</p>`}
      <ul class="claims">
        ${claims.slice(0, MOST_SHOWN).map(
          ({ marker, verified, answer: span }, i) => html`
            <li key=${i} class=${verified ? "claim" : "claim claim-unverified"}>
              <${Icon} name=${verified ? "check" : "question"} />
              <span>
                <span dir="auto">${shownText(sliceCodePoints(answer.content, span.start, span.end))}</span>
                <span class="quiet"> ${t(verified ? "lineage.claim.verified" : "lineage.claim.unverified", { n: marker })}</span>
              </span>
            </li>
          `,
        )}
      </ul>
      ${claims.length > MOST_SHOWN && html`<p class="quiet">${t("lineage.moreClaims", { count: claims.length - MOST_SHOWN })}</p>`}
      <p class="quiet">${t("lineage.notChecked")}</p>
    </section>
  `;
}
