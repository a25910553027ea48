import { html } from "htm/preact";
import { language } from "../state/preferences.ts";
import { goTo } from "../state/route.ts";
import { mayIngest, release } from "../state/session.ts";
import { t } from "../text/text.ts";
import { Icon } from "../ui/icon.ts";
import { askIn, type Chat } from "./chat.ts";

/** What a reader without a question sees: what this is, and questions to begin with. */
export function Welcome({ chat }: { readonly chat: Chat }) {
  const examples = release.value?.examples[language.value] ?? [];
  return html`
    <div class="thread welcome">
      <div class="welcome-inner">
        <span class="brand-mark brand-mark-large" aria-hidden="true"></span>
        <h1 class="welcome-title">${t("welcome.title")}</h1>
        <p class="welcome-text">${t("welcome.text")}</p>
        <ul class="examples" aria-label=${t("welcome.examples")}>
          ${examples.map(
            (question) => html`
              <li>
                <button type="button" class="example" onClick=${() => askIn(chat, question)}>
                  <span>${question}</span><${Icon} name="chevron" />
                </button>
              </li>
            `,
          )}
        </ul>
        ${
          mayIngest.value &&
          html`<button type="button" class="link-button" onClick=${() => goTo({ view: "documents" })}>
            <${Icon} name="upload" />${t("welcome.ownDocuments")}
          </button>`
        }
      </div>
    </div>
  `;
}
