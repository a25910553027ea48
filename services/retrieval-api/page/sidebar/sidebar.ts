import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { goTo, route, type View } from "../state/route.ts";
import { mayIngest, session, signOut } from "../state/session.ts";
import { t } from "../text/text.ts";
import { Icon, type IconName } from "../ui/icon.ts";
import { IconButton } from "../ui/icon-button.ts";
import { sidebarOpen } from "../ui/view-header.ts";
import { ConversationList } from "./conversation-list.ts";
import { PreferenceButtons } from "./preference-buttons.ts";

/** Ways to everything: beside the view, or above it where there is no room. */
export function Sidebar() {
  const open = sidebarOpen.value;
  const root = useRef<HTMLElement>(null);
  const close = (): void => {
    sidebarOpen.value = false;
  };
  useEffect(() => {
    if (open) root.current?.querySelector<HTMLElement>("button")?.focus();
  }, [open]);
  // Wherever the reader goes, the sidebar has done its part.
  useEffect(close, [route.value.view, route.value.conversation]);
  return html`
    ${open && html`<div class="backdrop" onClick=${close}></div>`}
    <nav
      ref=${root}
      class=${`sidebar ${open ? "sidebar-open" : ""}`}
      aria-label=${t("nav.label")}
      onKeyDown=${(event: KeyboardEvent) => event.key === "Escape" && close()}
    >
      <div class="brand">
        <span class="brand-mark" aria-hidden="true"></span><span class="brand-name">Cairn</span>
        <${IconButton} icon="close" class="only-narrow" label=${t("common.close")} onClick=${close} />
      </div>
      <button type="button" class="button button-new" onClick=${() => goTo({ view: "chat" })}>
        <${Icon} name="plus" />${t("nav.new")}
      </button>
      <${ConversationList} />
      <div class="sidebar-foot">
        ${mayIngest.value && html`<${NavLink} view="documents" icon="documents" text=${t("nav.documents")} />`}
        <${NavLink} view="status" icon="status" text=${t("nav.status")} />
        <${PreferenceButtons} />
        ${session.value?.signed_in && html`<${Account} />`}
      </div>
    </nav>
  `;
}

const NavLink = ({ view, icon, text }: { readonly view: View; readonly icon: IconName; readonly text: string }) => html`
  <a class="nav-link" href=${`#/${view}`} aria-current=${route.value.view === view ? "page" : undefined}>
    <${Icon} name=${icon} />${text}
  </a>
`;

const Account = () => html`
  <div class="account">
    <span class="account-name" title=${t("session.tenant", { tenant: session.value?.tenant ?? "" })}>${session.value?.subject}</span>
    <${IconButton} icon="out" label=${t("session.signOut")} onClick=${signOut} />
  </div>
`;
