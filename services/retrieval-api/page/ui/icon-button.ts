import type { ReadonlySignal } from "@preact/signals";
import { html } from "htm/preact";
import { Icon, type IconName } from "./icon.ts";

type Props = {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: (event: MouseEvent) => void;
  readonly pressed?: boolean;
  /** As a signal it changes this one attribute: there may be a button like it beside each of hundreds of answers. */
  readonly disabled?: boolean | ReadonlySignal<boolean>;
  readonly class?: string;
};

/** A button that is only a picture, with its name for everybody who asks for it. */
export const IconButton = ({ icon, label, onClick, pressed, disabled, class: more = "" }: Props) => html`
  <button
    type="button"
    class=${`icon-button ${more}`}
    aria-label=${label}
    title=${label}
    aria-pressed=${pressed}
    disabled=${disabled}
    onClick=${onClick}
  >
    <${Icon} name=${icon} />
  </button>
`;
