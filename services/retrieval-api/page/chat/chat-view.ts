import { html } from "htm/preact";
import { t } from "../text/text.ts";
import { ChatHeader } from "./chat-header.ts";
import { Composer } from "./composer.ts";
import { currentChat } from "./open-chats.ts";
import { Thread } from "./thread.ts";
import { Welcome } from "./welcome.ts";

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
