import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useState } from "preact/hooks";
import { t } from "../text/text.ts";
import { AnswerActions } from "./answer-actions.ts";
import { AnswerText } from "./answer-text.ts";
import type { Chat } from "./chat.ts";
import { EndNotice } from "./end-notice.ts";
import { NoEvidence } from "./no-evidence.ts";
import { SourceList } from "./source-list.ts";
import { isRunning, type Turn } from "./turn.ts";

type Props = { readonly chat: Chat; readonly turn: Signal<Turn> };

/** An answer with its citations, what became of it, its sources, and what can be done with it. */
export function AnswerView({ chat, turn }: Props) {
  const { state, content, outcome, withheld, answerId } = turn.value;
  const running = isRunning(turn.value);
  const [drawn, setDrawn] = useState(true);
  return html`
    <div class="answer" aria-busy=${running || !drawn} data-outcome=${outcome} data-state=${state}>
      <h2 class="unseen">${t("chat.answer")}</h2>
      ${state === "waiting" && html`<${Waiting} />`}
      ${outcome === "no_evidence" ? html`<${NoEvidence} turn=${turn} />` : withheld ? null : content !== "" && html`<${AnswerText} turn=${turn} onDrawn=${setDrawn} />`}
      ${!running && html`<${EndNotice} chat=${chat} turn=${turn} />`}
      ${!running && !withheld && html`<${SourceList} turn=${turn} />`}
      ${!running && answerId && html`<${AnswerActions} chat=${chat} turn=${turn} />`}
    </div>
  `;
}

const Waiting = () => html`
  <p class="waiting"><span class="waiting-dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("chat.searching")}</p>
`;
