import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useMemo, useRef } from "preact/hooks";
import { markCitations } from "../markdown/mark-citations.ts";
import { Markdown } from "../markdown/markdown.ts";
import { t } from "../text/text.ts";
import { AnswerActions } from "./answer-actions.ts";
import type { Chat } from "./chat.ts";
import { CitationMark, PendingMark } from "./citation-mark.ts";
import { EndNotice } from "./end-notice.ts";
import { NoEvidence } from "./no-evidence.ts";
import { SourceList } from "./source-list.ts";
import { isRunning, type Turn } from "./turn.ts";

type Props = { readonly chat: Chat; readonly turn: Signal<Turn> };

/** An answer with its citations, what became of it, its sources, and what can be done with it. */
export function AnswerView({ chat, turn }: Props) {
  const { state, content, outcome, withheld, answerId } = turn.value;
  const running = isRunning(turn.value);
  return html`
    <div class="answer" aria-busy=${running} data-outcome=${outcome} data-state=${state}>
      <h2 class="unseen">${t("chat.answer")}</h2>
      ${state === "waiting" && html`<${Waiting} />`}
      ${outcome === "no_evidence" ? html`<${NoEvidence} turn=${turn} />` : withheld ? null : content !== "" && html`<${AnswerText} turn=${turn} />`}
      ${!running && html`<${EndNotice} chat=${chat} turn=${turn} />`}
      ${!running && !withheld && html`<${SourceList} turn=${turn} />`}
      ${!running && answerId && html`<${AnswerActions} chat=${chat} turn=${turn} />`}
    </div>
  `;
}

const Waiting = () => html`
  <p class="waiting"><span class="waiting-dots" aria-hidden="true"><i></i><i></i><i></i></span>${t("chat.searching")}</p>
`;

function AnswerText({ turn }: { readonly turn: Signal<Turn> }) {
  const { content, citations, state } = turn.value;
  const { text, marks } = markCitations(
    content,
    citations?.map(({ marker }) => marker),
  );
  const spell = (index: number): string => `[${marks[index]?.number ?? ""}]`;
  const known = useRef(marks);
  known.current = marks;
  // A new function tells every block that its marks have become links.
  const draw = useMemo(
    () => (index: number) => {
      const mark = known.current[index];
      if (!mark) return "";
      if (mark.citation === undefined) return html`<${PendingMark} number=${mark.number} />`;
      return html`<${CitationMark} turn=${turn} at=${mark.citation} />`;
    },
    [citations],
  );
  return html`
    <div class=${`md ${state === "streaming" ? "md-growing" : ""}`} dir="auto">
      <${Markdown} text=${text} draw=${draw} spell=${spell} />
    </div>
  `;
}
