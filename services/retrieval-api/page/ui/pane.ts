import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { showPane } from "../state/route.ts";
import { t } from "../text/text.ts";
import { IconButton } from "./icon-button.ts";

type Props = { readonly title: string; readonly label: string; readonly children: ComponentChildren };

/** What is shown beside the view; on a phone, above it. Escape and the browser's back close it. */
export function Pane({ title, label, children }: Props) {
  const root = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    root.current!.focus();
    // Wherever the focus is: a button that was pressed may be gone by now, and the focus with it.
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      showPane(undefined);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener("keydown", onKeyDown);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return html`
    <aside class="pane" ref=${root} tabindex="-1" aria-label=${label} data-testid="pane">
      <header class="pane-header">
        <h2 class="pane-title" dir="auto">${title}</h2>
        <${IconButton} icon="close" label=${t("common.close")} onClick=${() => showPane(undefined)} />
      </header>
      <div class="pane-body">${children}</div>
    </aside>
  `;
}
