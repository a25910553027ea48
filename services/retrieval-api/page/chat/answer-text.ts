import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { growingAnswer } from "../markdown/growing-answer.ts";
import { Markdown } from "../markdown/markdown.ts";
import { citationMark, pendingMark } from "./citation-mark.ts";
import { hideQuote, quoteHandlers } from "./quote-card.ts";
import type { Turn } from "./turn.ts";

type Props = { readonly turn: Signal<Turn>; readonly onDrawn: (whole: boolean) => void };

/** What an answer says, with its citation marks. While the citations are not known the marks are no links yet. */
export function AnswerText({ turn, onDrawn }: Props) {
  const { content, citations, answerId } = turn.value;
  const takeApart = useMemo(growingAnswer, []);
  const numbers = useMemo(() => citations?.map(({ marker }) => marker), [citations]);
  const taken = takeApart(content, numbers);
  const known = useRef(taken.marks);
  known.current = taken.marks;
  const marks = useMemo(
    () => ({
      draw: (index: number) => {
        const { number, citation } = known.current[index] ?? {};
        if (number === undefined) return "";
        return citation === undefined ? pendingMark(number) : citationMark(citations![citation]!, answerId, citation);
      },
      spell: (index: number): string => `[${known.current[index]?.number ?? ""}]`,
    }),
    [citations],
  );
  const handlers = useMemo(() => quoteHandlers(turn), [turn]);
  useEffect(() => hideQuote, []);
  return html`
    <div class="md" dir="auto" ...${handlers}>
      <${Markdown} sections=${taken.sections} marks=${marks} onDrawn=${onDrawn} />
    </div>
  `;
}
