import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { codePointIndex } from "#shared/codepoints.ts";
import type { SourcePlace } from "../state/route.ts";
import { say } from "../state/toasts.ts";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { type DocumentWindow, readBefore, readBehind } from "./document-window.ts";
import { splitLines, type TextPiece } from "./split-lines.ts";

type Props = { readonly place: SourcePlace; readonly window: Signal<DocumentWindow> };

/** The text that citations point into, as it was taken in, with the words in question marked and in view. */
export function DocumentText({ place, window }: Props) {
  const root = useRef<HTMLDivElement>(null);
  const { start, end, total, text } = window.value;
  const [from, to] = utf16Span(text, place.start - start, place.end - start);
  useLayoutEffect(() => {
    const scroller = root.current!;
    const mark = scroller.querySelector("mark");
    // Not `scrollIntoView`, which moves everything around it, too.
    if (mark)
      scroller.scrollTop +=
        mark.getBoundingClientRect().top - scroller.getBoundingClientRect().top - scroller.clientHeight / 3;
  }, []);
  const read = (more: typeof readBefore) => () => {
    more(place, window).catch((error: unknown) => say(explainFailure(error).title, "bad"));
  };
  return html`
    <div class="document-text" dir="auto" ref=${root} tabindex="0" role="region" aria-label=${t("source.text")}>
      ${start > 0 && html`<button type="button" class="link-button" onClick=${read(readBefore)}>${t("source.before")}</button>`}
      ${splitLines(text, from, to).map((line, i) => html`<p key=${i} class=${line.heading ? "line-heading" : line.tight ? "line-tight" : undefined}>${line.pieces.map(drawPiece)}</p>`)}
      ${end < total && html`<button type="button" class="link-button" onClick=${read(readBehind)}>${t("source.behind")}</button>`}
    </div>
  `;
}

const drawPiece = ({ text, marked }: TextPiece) => (marked ? html`<mark>${text}</mark>` : text);

/** Code points of a text as places in its JavaScript string. */
function utf16Span(text: string, start: number, end: number): [number, number] {
  const toCodePoint = codePointIndex(text);
  const find = (count: number): number => {
    let [low, high] = [0, text.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (toCodePoint(middle) < count) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [find(start), find(end)];
}
