import * as api from "../api.ts";
import type { ConversationPage, Message } from "../shapes.ts";
import { whereIn } from "../sources/where-in.ts";
import { t } from "../text/text.ts";
import { fullTime } from "../text/times.ts";
import { fileNameOf, saveFile } from "../ui/save-file.ts";
import { type Turn, turnsOf } from "./turn.ts";

const PAGE_MESSAGES = 200;

/** Saves a whole conversation, as it may be seen today, as a file of the reader's. */
export async function exportChat(id: string, form: "markdown" | "json"): Promise<void> {
  const { messages, next_cursor, ...conversation } = await wholeConversation(id);
  if (form === "json") {
    const text = JSON.stringify({ ...conversation, messages }, undefined, 2);
    saveFile(fileNameOf(conversation.title, "json"), "application/json", text);
    return;
  }
  const turns = turnsOf(messages).map((turn) => markdownOfTurn(turn.peek(), true));
  const head = `# ${conversation.title}\n\n${fullTime(conversation.created_at)}`;
  saveFile(fileNameOf(conversation.title, "md"), "text/markdown", `${[head, ...turns].join("\n\n")}\n`);
}

async function wholeConversation(id: string): Promise<ConversationPage> {
  let page = await api.conversation(id, PAGE_MESSAGES);
  let messages: readonly Message[] = page.messages;
  while (page.next_cursor !== null) {
    page = await api.conversation(id, PAGE_MESSAGES, page.next_cursor);
    messages = [...page.messages, ...messages];
  }
  return { ...page, messages };
}

/** An answer in Markdown, its sources behind it; with the question above it where it stands among others. */
export function markdownOfTurn({ question, content, citations = [], withheld }: Turn, withQuestion: boolean): string {
  const sources = new Map<number, string>();
  for (const { marker, source } of citations) {
    if (!("quote" in source) || sources.has(marker)) continue;
    const quote = source.quote.replaceAll(/\s+/g, " ");
    sources.set(marker, `[${marker}] ${whereIn(source)} — ${source.uri}\n    “${quote}”`);
  }
  const lines = [...sources].sort(([a], [b]) => a - b).map(([, line]) => line);
  const parts = [content, ...(lines.length > 0 && !withheld ? [`${t("chat.sources")}:\n\n${lines.join("\n")}`] : [])];
  return (withQuestion ? [`## ${question.replaceAll(/\s+/g, " ")}`, ...parts] : parts).join("\n\n");
}
