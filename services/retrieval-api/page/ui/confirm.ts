import { signal } from "@preact/signals";
import { html } from "htm/preact";
import { t } from "../text/text.ts";
import { Dialog } from "./dialog.ts";

type Question = {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly answer: (yes: boolean) => void;
};

const question = signal<Question | undefined>(undefined);

/** Asks before something that cannot be taken back. */
export function confirm(title: string, text: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      title,
      text,
      yes,
      answer(decided) {
        question.value = undefined;
        resolve(decided);
      },
    };
  });
}

/** Where `confirm` asks. Once on the page. */
export function ConfirmDialog() {
  const asked = question.value;
  if (!asked) return null;
  return html`
    <${Dialog} title=${asked.title} onClose=${() => asked.answer(false)}>
      <p>${asked.text}</p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${() => asked.answer(false)}>${t("common.cancel")}</button>
        <button type="button" class="button button-danger" onClick=${() => asked.answer(true)}>${asked.yes}</button>
      </div>
    <//>
  `;
}
