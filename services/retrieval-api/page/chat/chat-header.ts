import { html } from "htm/preact";
import { shownText } from "../markdown/shown-text.ts";
import { conversations } from "../state/conversations.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Menu } from "../ui/menu.ts";
import { ViewHeader } from "../ui/view-header.ts";
import type { Chat } from "./chat.ts";
import { exportChat } from "./export-chat.ts";

export function ChatHeader({ chat }: { readonly chat: Chat }) {
  const id = chat.id.value;
  const named = conversations.value.find((one) => one.id === id);
  const save = (form: "markdown" | "json") => () => {
    exportChat(id!, form).catch((error: unknown) => say(explainFailure(error).title, "bad"));
  };
  return html`
    <${ViewHeader} title=${shownText(named?.title ?? chat.title.value) || t("chat.new")} level=${chat.turns.value.length === 0 ? undefined : 1}>
      ${
        id &&
        html`<${Menu}
          icon="download"
          label=${t("chat.export")}
          items=${[
            { icon: "documents", text: t("chat.export.markdown"), onChoose: save("markdown") },
            { icon: "layers", text: t("chat.export.json"), onChoose: save("json") },
          ]}
        />`
      }
    <//>
  `;
}
