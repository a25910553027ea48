import type { Signal } from "@preact/signals";
import * as api from "../api.ts";
import { ApiFailure } from "../http.ts";
import { plainText } from "../markdown/plain-text.ts";
import { speak } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { nextFrame, nextTask } from "../ui/task-time.ts";
import type { Turn } from "./turn.ts";

/** The record of an answer that was cut off is written when the service notices, a moment later. */
const KEPT_AFTER_MS = [250, 1000, 3000];
/** In characters; about a minute and a half. */
const MAX_SPOKEN = 1500;
const UNREPLACEABLE = "cairn.replaces";

/** Lets an answer come into a turn, at most one change a frame however fast the words are. */
export async function streamInto(
  turn: Signal<Turn>,
  conversation: Signal<string | undefined>,
  replaces: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const set = (change: Partial<Turn>): void => {
    turn.value = { ...turn.peek(), ...change };
  };
  let content = "";
  let [waiting, over] = [false, false];
  const show = async (): Promise<void> => {
    if (waiting) return;
    waiting = true;
    await nextFrame();
    waiting = false;
    if (!over) set({ content, state: "streaming" });
  };
  try {
    const asking = { question: turn.peek().question, conversationId: conversation.peek(), replaces };
    for await (const event of api.ask(asking, signal)) {
      if (event.type === "started") {
        set({ answerId: event.answerId });
        conversation.value ??= event.conversationId;
      } else if (event.type === "text-delta") {
        content += event.text;
        void show();
      } else {
        over = true;
        // Of an answer with thousands of citations, reading this event was a task of its own.
        await nextTask();
        const { outcome, citations, lineage } = event;
        set({ content, outcome, citations, lineage, state: "done" });
      }
    }
    speak(`${t("chat.answerComplete")} ${spokenText(content)}`);
  } catch (error) {
    over = true;
    // What was to be replaced may never have been kept, when the server was gone before it could be.
    if (error instanceof ApiFailure && error.details.param === UNREPLACEABLE && replaces) {
      return streamInto(turn, conversation, undefined, signal);
    }
    if (signal.aborted) {
      set({ content, state: "stopped" });
      speak(t("chat.stopped"));
      return readKept(turn);
    }
    const failure = error instanceof ApiFailure ? error : undefined;
    if (!failure) throw error;
    const answerId = turn.peek().answerId ?? failure.details.answerId;
    set({ content, answerId, failure, state: content === "" ? "failed" : "lost" });
    speak(content === "" ? t("chat.failed") : t("chat.lost"));
  }
}

/** What screen readers say at once cannot be gone back in: of a long answer they say the beginning, and that it goes on. */
function spokenText(content: string): string {
  if (content.length <= MAX_SPOKEN) return plainText(content);
  const head = content.slice(0, MAX_SPOKEN).replace(/\S*$/, "");
  return `${plainText(head)} ${t("chat.answerLong")}`;
}

/** Citations and lineage of what had come. */
async function readKept(turn: Signal<Turn>): Promise<void> {
  const { answerId } = turn.peek();
  if (!answerId) return;
  for (const pauseMs of KEPT_AFTER_MS) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const kept = await api.answer(answerId).catch(() => undefined);
    if (!kept) continue;
    const { content, citations, lineage, outcome, withheld } = kept;
    turn.value = { ...turn.peek(), content, citations, lineage, outcome, withheld };
    return;
  }
}
