import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { shownText } from "../markdown/shown-text.ts";
import { t } from "../text/text.ts";
import { fullTime } from "../text/times.ts";
import { CopyButton } from "../ui/copy-button.ts";
import { IconButton } from "../ui/icon-button.ts";
import { askIn, type Chat } from "./chat.ts";
import type { Turn } from "./turn.ts";

type Props = { readonly chat: Chat; readonly turn: Signal<Turn> };

/** What was asked. It can be put in other words: that and everything after it is then asked anew. */
export function QuestionView({ chat, turn }: Props) {
  const [editing, setEditing] = useState(false);
  const { question, askedAt } = turn.value;
  // A browser's first date takes it longer than all the rest of a turn: it is made for whoever points at it.
  const tellTime = (event: Event): void => {
    (event.currentTarget as HTMLElement).title = fullTime(askedAt);
  };
  if (editing) return html`<${QuestionEditor} chat=${chat} turn=${turn} onClose=${() => setEditing(false)} />`;
  return html`
    <div class="question">
      <h2 class="unseen">${t("chat.youAsked")}</h2>
      <div class="question-text" dir="auto" onPointerEnter=${tellTime}>${shownText(question)}</div>
      <div class="question-actions">
        <${CopyButton} label=${t("chat.copyQuestion")} text=${() => question} />
        <${IconButton}
          icon="edit"
          label=${t("chat.editQuestion")}
          disabled=${chat.busy}
          onClick=${() => setEditing(true)}
        />
      </div>
    </div>
  `;
}

function QuestionEditor({ chat, turn, onClose }: Props & { readonly onClose: () => void }) {
  const [text, setText] = useState(turn.value.question);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current!.focus();
    field.current!.setSelectionRange(text.length, text.length);
  }, []);
  const send = (): void => {
    if (text.trim() === "") return;
    onClose();
    void askIn(chat, text.trim(), turn);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") onClose();
  };
  return html`
    <div class="question question-editing">
      <textarea
        ref=${field}
        class="field"
        rows="3"
        maxlength="8000"
        dir="auto"
        aria-label=${t("chat.editQuestion")}
        value=${text}
        onInput=${(event: Event) => setText((event.currentTarget as HTMLTextAreaElement).value)}
        onKeyDown=${onKeyDown}
      ></textarea>
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <button type="button" class="button button-primary" onClick=${send}>${t("chat.askAgain")}</button>
      </div>
      <p class="quiet">${t("chat.editNote")}</p>
    </div>
  `;
}
