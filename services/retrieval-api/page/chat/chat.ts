import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import * as api from "../api.ts";
import { ApiFailure } from "../http.ts";
import { loadConversations } from "../state/conversations.ts";
import { tellTabs } from "../state/tabs.ts";
import { hush } from "../state/toasts.ts";
import { serverNow } from "../text/times.ts";
import { streamInto } from "./stream-into.ts";
import { isRunning, newTurn, type Turn, turnsOf } from "./turn.ts";

const PAGE_MESSAGES = 100;

/** A conversation as the page holds it. One that has not begun has no id yet. */
export type Chat = {
  readonly id: Signal<string | undefined>;
  readonly title: Signal<string>;
  readonly turns: Signal<readonly Signal<Turn>[]>;
  /** Where older messages go on; `undefined` at the beginning. */
  readonly older: Signal<number | undefined>;
  readonly state: Signal<"loading" | "ready" | "failed">;
  readonly failure: Signal<ApiFailure | undefined>;
  readonly running: Signal<AbortController | undefined>;
  readonly busy: ReadonlySignal<boolean>;
};

export function newChat(id?: string): Chat {
  const running = signal<AbortController | undefined>(undefined);
  return {
    id: signal(id),
    title: signal(""),
    turns: signal<readonly Signal<Turn>[]>([]),
    older: signal<number | undefined>(undefined),
    state: signal<"loading" | "ready" | "failed">(id ? "loading" : "ready"),
    failure: signal<ApiFailure | undefined>(undefined),
    running,
    busy: computed(() => running.value !== undefined),
  };
}

/** Reads a conversation's newest messages. While an answer is coming, what is shown is newer than what is kept. */
export async function loadChat(chat: Chat): Promise<void> {
  const id = chat.id.value;
  if (!id || chat.running.value) return;
  try {
    const page = await api.conversation(id, PAGE_MESSAGES);
    if (chat.running.value) return;
    chat.title.value = page.title;
    const read = turnsOf(page.messages);
    if (!refreshInPlace(chat.turns.value, read)) {
      chat.turns.value = read;
      chat.older.value = page.next_cursor ?? undefined;
    }
    chat.failure.value = undefined;
    chat.state.value = "ready";
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    chat.failure.value = error;
    if (chat.turns.value.length === 0) chat.state.value = "failed";
  }
}

/**
 * Where nothing was added, what is shown stays where it is, and only says what it says today: a source may have been
 * withdrawn meanwhile. False when other turns were read than are shown.
 */
function refreshInPlace(shown: readonly Signal<Turn>[], read: readonly Signal<Turn>[]): boolean {
  const newest = shown.slice(-read.length);
  const same = newest.length > 0 && newest.every((turn, i) => turn.peek().answerId === read[i]?.peek().answerId);
  if (!same) return false;
  for (const [i, turn] of newest.entries()) {
    const { content, withheld, citations, outcome } = read[i]!.peek();
    if (withheld) hush();
    const before = turn.peek();
    if (
      before.state === "done" &&
      !isEqual(
        [before.content, before.withheld, before.citations, before.outcome],
        [content, withheld, citations, outcome],
      )
    )
      turn.value = { ...before, content, withheld, citations, outcome };
  }
  return true;
}

/** What is still the same need not be drawn again. */
const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export async function loadOlder(chat: Chat): Promise<void> {
  const [id, cursor] = [chat.id.value, chat.older.value];
  if (!id || cursor === undefined) return;
  chat.older.value = undefined;
  const page = await api.conversation(id, PAGE_MESSAGES, cursor);
  chat.turns.value = [...turnsOf(page.messages), ...chat.turns.value];
  chat.older.value = page.next_cursor ?? undefined;
}

/** Asks; `instead` is the turn that the new one, and nothing behind it, takes the place of. */
export async function askIn(chat: Chat, question: string, instead?: Signal<Turn>): Promise<void> {
  if (chat.running.value) return;
  const running = new AbortController();
  chat.running.value = running;
  const turn = newTurn(question, new Date(serverNow()).toISOString());
  const at = instead ? chat.turns.value.indexOf(instead) : -1;
  const kept = at >= 0 ? chat.turns.value.slice(0, at) : chat.turns.value;
  chat.turns.value = [...kept, turn];
  chat.title.value ||= question;
  try {
    await streamInto(turn, chat.id, instead?.peek().answerId, running.signal);
  } finally {
    chat.running.value = undefined;
    void loadConversations().catch(() => undefined);
    tellTabs("conversations");
  }
}

/** Ends the answer that is being made; what came stays. */
export function stopChat(chat: Chat): void {
  chat.running.value?.abort();
}

/** The turn of an answer, wherever it is shown. */
export function turnOfAnswer(chat: Chat, answerId: string): Signal<Turn> | undefined {
  return chat.turns.value.find((turn) => turn.value.answerId === answerId);
}

/** Reads an answer anew with today's permissions: a source may have been withdrawn since it was shown. */
export async function refreshTurn(turn: Signal<Turn>): Promise<void> {
  const { answerId } = turn.peek();
  if (!answerId || isRunning(turn.peek())) return;
  hush();
  const { content, withheld, citations, lineage, outcome } = await api.answer(answerId);
  turn.value = { ...turn.peek(), content, withheld, citations, lineage, outcome };
}
