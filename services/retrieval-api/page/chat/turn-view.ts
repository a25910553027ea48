import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { settle } from "../ui/settle.ts";
import { hasTime } from "../ui/task-time.ts";
import { AnswerView } from "./answer-view.ts";
import type { Chat } from "./chat.ts";
import { QuestionView } from "./question-view.ts";
import type { Turn } from "./turn.ts";

type Props = { readonly chat: Chat; readonly turn: Signal<Turn>; readonly last: boolean };

/** One question and its answer. */
export function TurnView({ chat, turn, last }: Props) {
  // What is around the words takes its share of the task, too: where it took all of it, they follow a frame later.
  hasTime();
  return html`
    <article ref=${settle} class=${`turn ${last ? "turn-last" : ""}`}>
      <${QuestionView} chat=${chat} turn=${turn} />
      <${AnswerView} chat=${chat} turn=${turn} />
    </article>
  `;
}
