import { signal } from "@preact/signals";
import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { t } from "../text/text.ts";
import { IconButton } from "./icon-button.ts";

/** Whether the sidebar is shown where there is no room for it beside the view. */
export const sidebarOpen = signal(false);

type Props = {
  readonly title: string;
  /** Without one the title is no heading: then the view has a better one. */
  readonly level?: 1 | undefined;
  readonly children?: ComponentChildren;
};

export const ViewHeader = ({ title, level, children }: Props) => html`
  <header class="view-header">
    <${IconButton} icon="menu" class="only-narrow" label=${t("nav.open")} onClick=${() => (sidebarOpen.value = true)} />
    <${level ? `h${level}` : "p"} class="view-title" dir="auto">${title}<//>
    <div class="view-actions">${children}</div>
  </header>
`;
