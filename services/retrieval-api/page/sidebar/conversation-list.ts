import { html } from "htm/preact";
import { useEffect } from "preact/hooks";
import type { Conversation } from "../shapes.ts";
import {
  conversations,
  listed,
  loadConversations,
  loadMoreConversations,
  nextCursor,
  query,
} from "../state/conversations.ts";
import { t } from "../text/text.ts";
import { daysAgo } from "../text/times.ts";
import { Icon } from "../ui/icon.ts";
import { ConversationItem } from "./conversation-item.ts";

const SEARCH_AFTER_MS = 200;
const GROUPS = [
  [0, "conversations.today"],
  [1, "conversations.yesterday"],
  [7, "conversations.week"],
  [30, "conversations.month"],
  [Number.POSITIVE_INFINITY, "conversations.older"],
] as const;

/** The reader's conversations by age, and a search in their titles and questions. */
export function ConversationList() {
  useEffect(() => {
    const timer = setTimeout(
      () => loadConversations().catch(() => undefined),
      query.value === "" ? 0 : SEARCH_AFTER_MS,
    );
    return () => clearTimeout(timer);
  }, [query.value]);
  const all = conversations.value;
  return html`
    <label class="search">
      <${Icon} name="search" />
      <input
        type="search"
        maxlength="200"
        placeholder=${t("conversations.search")}
        aria-label=${t("conversations.search")}
        value=${query.value}
        onInput=${(event: Event) => {
          query.value = (event.currentTarget as HTMLInputElement).value;
        }}
      />
    </label>
    <div class="conversations" tabindex="-1">
      ${grouped(all).map(
        ([name, group]) => html`
          <section key=${name} aria-label=${t(name)}>
            <h2 class="group-name">${t(name)}</h2>
            <ul>
              ${group.map((conversation) => html`<${ConversationItem} key=${conversation.id} conversation=${conversation} />`)}
            </ul>
          </section>
        `,
      )}
      ${listed.value && all.length === 0 && html`<p class="quiet">${t(query.value === "" ? "conversations.none" : "conversations.notFound")}</p>`}
      ${
        nextCursor.value !== undefined &&
        html`<button type="button" class="link-button" onClick=${() => loadMoreConversations().catch(() => undefined)}>
          ${t("conversations.more")}
        </button>`
      }
    </div>
  `;
}

type Group = readonly [(typeof GROUPS)[number][1], Conversation[]];

/** In the list's own order, which is by age. */
function grouped(all: readonly Conversation[]): Group[] {
  const groups: Group[] = GROUPS.map(([, name]) => [name, []] as const);
  for (const conversation of all) {
    const age = daysAgo(conversation.updated_at);
    groups[GROUPS.findIndex(([days]) => age <= days)]?.[1].push(conversation);
  }
  return groups.filter(([, group]) => group.length > 0);
}
