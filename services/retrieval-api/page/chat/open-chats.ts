import { computed, effect, signal } from "@preact/signals";
import { replaceRoute, route } from "../state/route.ts";
import { onTabs } from "../state/tabs.ts";
import { type Chat, loadChat, newChat, stopChat } from "./chat.ts";

/** Chats stay as they are while the reader looks at others: an answer goes on coming. */
const chats = new Map<string, Chat>();
/** The one that has no id yet. */
const fresh = signal(newChat());

export const currentChat = computed((): Chat => {
  const { view, conversation } = route.value;
  if (view !== "chat" || !conversation) return fresh.value;
  if (fresh.value.id.peek() === conversation) return fresh.value;
  const known = chats.get(conversation) ?? newChat(conversation);
  chats.set(conversation, known);
  return known;
});

/** Keeps chats and address together. Called once, when the page starts. */
export function followChats(): void {
  effect(() => {
    const chat = currentChat.value;
    if (chat.state.value === "loading") void loadChat(chat);
  });
  effect(() => {
    // A new chat gets its address with its id, and leaves its place to the next one when the reader goes elsewhere.
    const id = fresh.value.id.value;
    if (!id) return;
    chats.set(id, fresh.value);
    const { view, conversation, pane } = route.value;
    if (view === "chat" && !conversation && !begun.has(id)) replaceRoute({ view, conversation: id, pane });
    else if (conversation !== id) fresh.value = newChat();
    begun.add(id);
  });
  onTabs((what) => {
    if (what !== "session") void loadChat(currentChat.value);
  });
}

/** Ends the answer that is being made in a conversation that is deleted: there is nobody to read it. */
export function forgetChat(id: string): void {
  const chat = chats.get(id);
  if (chat) stopChat(chat);
  chats.delete(id);
}

/** Fresh chats that were given their address. */
const begun = new Set<string>();
