import { html } from "htm/preact";
import { Icon } from "../ui/icon.ts";

/** A state in colour, shape and words: colour alone tells not everybody. */
export const Light = ({ good, text }: { readonly good: boolean; readonly text: string }) => html`
  <p class=${`light ${good ? "light-good" : "light-bad"}`}><${Icon} name=${good ? "check" : "warning"} />${text}</p>
`;
