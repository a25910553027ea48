import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import { Notice } from "../ui/notice.ts";
import { type Chat, loadChat, loadOlder } from "./chat.ts";
import { ChatHeader } from "./chat-header.ts";
import { Composer } from "./composer.ts";
import { currentChat } from "./open-chats.ts";
import type { Turn } from "./turn.ts";
import { TurnView } from "./turn-view.ts";
import { Welcome } from "./welcome.ts";

/** This near to the end, in pixels, the reader follows what comes. */
const NEAR_END = 80;
const NEAR_START = 400;

export function ChatView() {
  const chat = currentChat.value;
  const turns = chat.turns.value;
  const empty = turns.length === 0 && chat.state.value === "ready";
  return html`
    <section class="chat" aria-label=${t("nav.chat")}>
      <${ChatHeader} chat=${chat} />
      ${empty ? html`<${Welcome} chat=${chat} />` : html`<${Thread} key=${chat.turns} chat=${chat} turns=${turns} />`}
      <${Composer} chat=${chat} />
    </section>
  `;
}

function Thread({ chat, turns }: { readonly chat: Chat; readonly turns: readonly Signal<Turn>[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const following = useRef(true);
  const heightBefore = useRef(0);

  const toEnd = (): void => {
    const element = scroller.current!;
    element.scrollTop = element.scrollHeight;
  };
  const onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    following.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
    setAway(!following.current);
    if (scrollTop < NEAR_START && chat.older.value !== undefined) {
      heightBefore.current = scrollHeight;
      void loadOlder(chat).catch(() => undefined);
    }
  };
  // Older turns come above: what is being read must stay where it is.
  useLayoutEffect(() => {
    const element = scroller.current!;
    if (heightBefore.current > 0) element.scrollTop += element.scrollHeight - heightBefore.current;
    heightBefore.current = 0;
  }, [turns[0]]);
  useLayoutEffect(() => {
    following.current = true;
    toEnd();
  }, [turns.at(-1)]);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      // Its last call may come when what it watches is gone.
      if (following.current && scroller.current) toEnd();
    });
    observer.observe(scroller.current!.firstElementChild!);
    return () => observer.disconnect();
  }, []);

  return html`
    <div class="thread" ref=${scroller} onScroll=${onScroll} tabindex="-1" data-testid="thread">
      <div class="thread-inner">
        ${chat.state.value === "loading" && html`<p class="quiet thread-note">${t("common.loading")}</p>`}
        ${chat.state.value === "failed" && html`<${LoadFailure} chat=${chat} />`}
        ${turns.map((turn, i) => html`<${TurnView} key=${turn.peek().key} chat=${chat} turn=${turn} last=${i === turns.length - 1} />`)}
      </div>
      ${
        away &&
        html`<button type="button" class="to-end" onClick=${toEnd} aria-label=${t("chat.toEnd")} title=${t("chat.toEnd")}>
          <${Icon} name="chevron" />
        </button>`
      }
    </div>
  `;
}

function LoadFailure({ chat }: { readonly chat: Chat }) {
  const failure = chat.failure.value;
  const { title, text } =
    failure?.details.code === "not_found"
      ? { title: t("chat.gone"), text: t("chat.gone.text") }
      : explainFailure(failure);
  return html`
    <${Notice} title=${title} text=${text}>
      ${failure?.details.code !== "not_found" && html`<button type="button" class="button" onClick=${() => loadChat(chat)}>${t("common.retry")}</button>`}
    <//>
  `;
}
