import { signal } from "@preact/signals";
import * as api from "../api.ts";
import type { Conversation } from "../shapes.ts";
import { tellTabs } from "./tabs.ts";

export const conversations = signal<readonly Conversation[]>([]);
export const query = signal("");
export const listed = signal(false);
/** Where the list goes on; `undefined` at its end. */
export const nextCursor = signal<string | undefined>(undefined);

let newest = 0;

/** Reads the list anew. Of several that overlap, the one asked for last counts. */
export async function loadConversations(): Promise<void> {
  newest += 1;
  const mine = newest;
  const page = await api.conversations(query.value, undefined);
  if (mine !== newest) return;
  conversations.value = page.conversations;
  nextCursor.value = page.next_cursor ?? undefined;
  listed.value = true;
}

export async function loadMoreConversations(): Promise<void> {
  const cursor = nextCursor.value;
  if (cursor === undefined) return;
  nextCursor.value = undefined;
  const page = await api.conversations(query.value, cursor);
  const known = new Set(conversations.value.map(({ id }) => id));
  conversations.value = [...conversations.value, ...page.conversations.filter(({ id }) => !known.has(id))];
  nextCursor.value = page.next_cursor ?? undefined;
}

export async function renameConversation(id: string, title: string): Promise<void> {
  const renamed = await api.renameConversation(id, title);
  conversations.value = conversations.value.map((one) => (one.id === id ? renamed : one));
  tellTabs("conversations");
}

export async function deleteConversation(id: string): Promise<void> {
  await api.deleteConversation(id);
  conversations.value = conversations.value.filter((one) => one.id !== id);
  tellTabs("conversations");
}
