import "@preact/signals";
import { effect } from "@preact/signals";
import { html } from "htm/preact";
import { render } from "preact";
import { AppView } from "./app-view.ts";
import { followChats } from "./chat/open-chats.ts";
import { mustSignIn, reachable } from "./http.ts";
import { loadConversations } from "./state/conversations.ts";
import { loadSession, session } from "./state/session.ts";
import { onTabs } from "./state/tabs.ts";

const root = document.getElementById("app")!;

async function start(): Promise<void> {
  await loadSession().catch(() => undefined);
  root.replaceChildren();
  render(html`<${AppView} />`, root);
  followChats();
  onTabs((what) => {
    if (what === "session") location.reload();
    else if (session.peek() && !mustSignIn.peek()) void loadConversations().catch(() => undefined);
  });
  // A server that was away when the page came is asked again as soon as it answers.
  effect(() => {
    if (reachable.value && !session.peek() && !mustSignIn.peek()) void loadSession().catch(() => undefined);
  });
}

void start();
