import { html } from "htm/preact";
import { useEffect } from "preact/hooks";
import { ChatView } from "./chat/chat-view.ts";
import { QuoteCard } from "./chat/quote-card.ts";
import { DetailsPane } from "./documents/details-pane.ts";
import { DocumentsView } from "./documents/documents-view.ts";
import { SourcesPane } from "./documents/sources-pane.ts";
import { mustSignIn, reachable, untilReachable } from "./http.ts";
import { LineagePane } from "./lineage/lineage-pane.ts";
import { SignInView } from "./session/sign-in-view.ts";
import { Sidebar } from "./sidebar/sidebar.ts";
import { DocumentPane } from "./sources/document-pane.ts";
import { isNarrow } from "./state/narrow.ts";
import { language } from "./state/preferences.ts";
import { route } from "./state/route.ts";
import { session } from "./state/session.ts";
import { say } from "./state/toasts.ts";
import { StatusView } from "./status/status-view.ts";
import { t } from "./text/text.ts";
import { ConfirmDialog } from "./ui/confirm.ts";
import { Icon } from "./ui/icon.ts";
import { ToastList } from "./ui/toast-list.ts";

/** The whole page. */
export function AppView() {
  useEffect(() => {
    document.title = t("page.title");
  }, [language.value]);
  if (mustSignIn.value) return html`<${SignInView} /><${ToastList} />`;
  if (!session.value) return html`<${Offline} />`;
  const { view, pane } = route.value;
  // What a pane covers cannot be seen, so it must not be reached either.
  const covered = pane !== undefined && isNarrow.value;
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("page.skip")}</a>
    <div class=${`shell ${pane ? "shell-with-pane" : ""}`}>
      <div class="sidebar-place" inert=${covered}><${Sidebar} /></div>
      <main class="main" id="main" tabindex="-1" inert=${covered}>
        <${Offline} />
        ${view === "chat" && html`<${ChatView} />`}
        ${view === "documents" && html`<${DocumentsView} />`}
        ${view === "status" && html`<${StatusView} />`}
        <${QuoteCard} />
      </main>
      ${pane?.kind === "source" && html`<${DocumentPane} place=${pane} />`}
      ${pane?.kind === "lineage" && html`<${LineagePane} id=${pane.answer} />`}
      ${pane?.kind === "document" && html`<${DetailsPane} document=${pane.document} />`}
      ${pane?.kind === "sources" && html`<${SourcesPane} />`}
    </div>
    <${ConfirmDialog} /><${ToastList} />
  `;
}

/** The address is the page's place, so this link may not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Offline() {
  const offline = !reachable.value;
  useEffect(() => {
    if (offline) void untilReachable().then(() => say(t("connection.back")));
  }, [offline]);
  if (!offline) return null;
  return html`<div class="offline" role="alert"><${Icon} name="offline" />${t("connection.lost")}</div>`;
}
