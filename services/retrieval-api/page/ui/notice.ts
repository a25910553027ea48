import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.ts";

type Props = {
  readonly icon?: IconName;
  readonly title: string;
  readonly text?: string | undefined;
  readonly tone?: "plain" | "warn" | "bad";
  readonly children?: ComponentChildren;
};

/** Something that the reader should know, why, and what can be done. */
export const Notice = ({ icon = "warning", title, text, tone = "plain", children }: Props) => html`
  <div class=${`notice notice-${tone}`}>
    <${Icon} name=${icon} />
    <div class="notice-body">
      <p class="notice-title">${title}</p>
      ${text && html`<p class="notice-text">${text}</p>`}
      ${children}
    </div>
  </div>
`;
