import { useComputed } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { forgetChat } from "../chat/open-chats.ts";
import { shownText } from "../markdown/shown-text.ts";
import type { Conversation } from "../shapes.ts";
import { deleteConversation, renameConversation } from "../state/conversations.ts";
import { goTo, route } from "../state/route.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { confirm } from "../ui/confirm.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { IconButton } from "../ui/icon-button.ts";

type Props = { readonly conversation: Conversation };

export function ConversationItem({ conversation }: Props) {
  const [renaming, setRenaming] = useState(false);
  const { id, title } = conversation;
  const name = shownText(title);
  const current = useComputed(() => route.value.conversation === id).value;
  const remove = async (): Promise<void> => {
    if (!(await confirm(t("conversations.delete"), t("conversations.deleteText", { title: name }), t("common.delete"))))
      return;
    try {
      await deleteConversation(id);
      forgetChat(id);
      if (route.peek().conversation === id) goTo({ view: "chat" });
    } catch (error) {
      say(explainFailure(error).title, "bad");
    }
  };
  if (renaming)
    return html`<li><${RenameField} conversation=${conversation} onClose=${() => setRenaming(false)} /></li>`;
  return html`
    <li class=${`conversation ${current ? "conversation-current" : ""}`}>
      <a href=${`#/chat/${id}`} dir="auto" title=${name} aria-current=${current ? "page" : undefined}>${name}</a>
      <span class="conversation-actions">
        <${IconButton} icon="edit" label=${t("conversations.rename", { title: name })} onClick=${() => setRenaming(true)} />
        <${IconButton} icon="trash" label=${t("conversations.deleteOne", { title: name })} onClick=${remove} />
      </span>
    </li>
  `;
}

function RenameField({ conversation, onClose }: Props & { readonly onClose: () => void }) {
  const [title, setTitle] = useState(conversation.title);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current!.select(), []);
  const save = async (): Promise<void> => {
    onClose();
    if (title.trim() === "" || title === conversation.title) return;
    await renameConversation(conversation.id, title.trim()).catch((error: unknown) =>
      say(explainFailure(error).title, "bad"),
    );
  };
  return html`
    <form
      onSubmit=${(event: Event) => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        ref=${field}
        class="field"
        maxlength="200"
        dir="auto"
        aria-label=${t("conversations.newTitle")}
        value=${title}
        onInput=${(event: Event) => setTitle((event.currentTarget as HTMLInputElement).value)}
        onBlur=${save}
        onKeyDown=${(event: KeyboardEvent) => event.key === "Escape" && onClose()}
      />
    </form>
  `;
}
