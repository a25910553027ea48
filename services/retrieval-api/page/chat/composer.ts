import { signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../text/text.ts";
import { IconButton } from "../ui/icon-button.ts";
import { askIn, type Chat, stopChat } from "./chat.ts";

const MAX_QUESTION = 8000;
const WARN_FROM = 7000;
const MAX_HEIGHT = 220;

/** What is being written outlives the view, an expired session and a look at another conversation. */
const draft = signal("");

export function Composer({ chat }: { readonly chat: Chat }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const running = chat.running.value !== undefined;
  const text = draft.value;
  const ready = text.trim() !== "" && text.length <= MAX_QUESTION && chat.state.value === "ready";

  useLayoutEffect(() => {
    const element = field.current!;
    element.style.height = "auto";
    element.style.height = `${Math.min(MAX_HEIGHT, element.scrollHeight)}px`;
  }, [text]);
  useEffect(() => {
    // A finger would be met by the keyboard that covers what it came to read.
    if (matchMedia("(hover: hover)").matches) field.current!.focus();
  }, [chat]);

  const send = (): void => {
    if (!ready || running) return;
    draft.value = "";
    void askIn(chat, text.trim());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter also ends the composition of Chinese words: then it is not meant for us.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && running) {
      event.preventDefault();
      stopChat(chat);
    }
  };
  return html`
    <div class="composer-dock">
      <form
        class="composer"
        onSubmit=${(event: Event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          ref=${field}
          class="composer-field"
          rows="1"
          aria-label=${t("composer.label")}
          placeholder=${t("composer.placeholder")}
          value=${text}
          dir="auto"
          onInput=${(event: Event) => {
            draft.value = (event.currentTarget as HTMLTextAreaElement).value;
          }}
          onKeyDown=${onKeyDown}
        ></textarea>
        ${
          running
            ? html`<${IconButton} icon="stop" class="composer-send" label=${t("composer.stop")} onClick=${() => stopChat(chat)} />`
            : html`<${IconButton} icon="send" class="composer-send" label=${t("composer.send")} disabled=${!ready} onClick=${send} />`
        }
      </form>
      <p class="composer-note" aria-live="polite">
        ${text.length > WARN_FROM ? t("composer.length", { length: text.length, most: MAX_QUESTION }) : t("composer.note")}
      </p>
    </div>
  `;
}
