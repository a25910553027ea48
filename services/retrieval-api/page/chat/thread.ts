import type { Signal } from "@preact/signals";
import { html } from "htm/preact";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../text/text.ts";
import { explainFailure } from "../ui/explain-failure.ts";
import { Icon } from "../ui/icon.ts";
import { Notice } from "../ui/notice.ts";
import { nextFrame } from "../ui/task-time.ts";
import { type Chat, loadChat, loadOlder } from "./chat.ts";
import { keepPlace, type PlaceKeeper } from "./keep-place.ts";
import type { Turn } from "./turn.ts";
import { TurnView } from "./turn-view.ts";

/** This near to the end, in pixels, the reader follows what comes. */
const NEAR_END = 80;
const NEAR_START = 1200;
/** In its first frames the newest turn is drawn; the others follow from there upwards, one at a time. */
const FIRST_TURNS = 1;
const HALF_DRAWN = ".answer[aria-busy=true]:not([data-state=waiting], [data-state=streaming])";

type Props = { readonly chat: Chat; readonly turns: readonly Signal<Turn>[] };

/** The questions and answers of a conversation, as long as it may be. */
export function Thread({ chat, turns }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const following = useRef(true);
  const place = useRef<PlaceKeeper>(undefined);
  const from = useDrawnFrom(turns, scroller);

  const toEnd = (): void => {
    const element = scroller.current!;
    element.scrollTop = element.scrollHeight;
  };
  const onScroll = (): void => {
    place.current?.keep();
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    following.current = scrollHeight - scrollTop - clientHeight < NEAR_END;
    setAway(!following.current);
    if (scrollTop < NEAR_START && from === 0 && chat.older.value !== undefined) {
      void loadOlder(chat).catch(() => undefined);
    }
  };
  useLayoutEffect(() => {
    following.current = true;
  }, [turns.at(-1)]);
  // Behind the layout that is due anyway: whoever asks for a height earlier pays for one more.
  useLayoutEffect(() => {
    const element = scroller.current!;
    const { look, keep } = keepPlace(element);
    place.current = { look, keep };
    const observer = new ResizeObserver(() => {
      // Its last call may come when what it watches is gone.
      if (!scroller.current) return;
      if (!following.current) return keep();
      toEnd();
      look();
    });
    observer.observe(element.firstElementChild!);
    return () => observer.disconnect();
  }, []);

  return html`
    <div class="thread" ref=${scroller} onScroll=${onScroll} tabindex="-1" data-testid="thread">
      <div class="thread-inner">
        ${chat.state.value === "loading" && html`<p class="quiet thread-note">${t("common.loading")}</p>`}
        ${chat.state.value === "failed" && html`<${LoadFailure} chat=${chat} />`}
        ${turns.slice(from).map((turn, i) => html`<${TurnView} key=${turn.peek().key} chat=${chat} turn=${turn} last=${from + i === turns.length - 1} />`)}
      </div>
      ${
        away &&
        html`<button type="button" class="to-end" onClick=${toEnd} aria-label=${t("chat.toEnd")} title=${t("chat.toEnd")}>
          <${Icon} name="chevron" />
        </button>`
      }
    </div>
  `;
}

/** The first turn that is drawn. It moves to the beginning, and when older ones come above it, again. */
function useDrawnFrom(turns: readonly Signal<Turn>[], scroller: RefObject<HTMLElement | null>): number {
  const [first, setFirst] = useState(() => turns.at(-FIRST_TURNS) ?? turns[0]);
  const at = first ? turns.indexOf(first) : -1;
  const from = at >= 0 ? at : Math.max(0, turns.length - FIRST_TURNS);
  useEffect(() => {
    if (from === 0 && first === turns[0]) return;
    let current = true;
    const drawOn = (): void => {
      if (current) setFirst(turns[Math.max(0, from - 1)]);
    };
    void nextFrame().then(() => {
      // One frame more for the rest of the turn below, but not the many that a long answer takes.
      if (scroller.current?.querySelector(".turn")?.querySelector(HALF_DRAWN)) void nextFrame().then(drawOn);
      else drawOn();
    });
    return () => {
      current = false;
    };
  }, [from, turns]);
  return from;
}

function LoadFailure({ chat }: { readonly chat: Chat }) {
  const failure = chat.failure.value;
  const { title, text } =
    failure?.details.code === "not_found"
      ? { title: t("chat.gone"), text: t("chat.gone.text") }
      : explainFailure(failure);
  return html`
    <${Notice} title=${title} text=${text}>
      ${failure?.details.code !== "not_found" && html`<button type="button" class="button" onClick=${() => loadChat(chat)}>${t("common.retry")}</button>`}
    <//>
  `;
}
