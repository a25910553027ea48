import { html } from "htm/preact";
import { spoken, toasts } from "../state/toasts.ts";

/** Passing messages, and what only screen readers are told. */
export const ToastList = () => html`
  <div class="toasts" role="status">
    ${toasts.value.map(({ id, text, tone }) => html`<div key=${id} class=${`toast toast-${tone}`}>${text}</div>`)}
  </div>
  <div class="unseen" role="status" data-testid="spoken">${spoken.value}</div>
`;
