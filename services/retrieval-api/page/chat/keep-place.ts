/** From where what is read is told apart: a conversation's turns, an answer's sections, a section's blocks. */
const LEVELS = [":scope > .thread-inner > .turn", ":scope > .answer > .md > .md-section", ":scope > *"];

type Held = { readonly element: Element; readonly top: number };

export type PlaceKeeper = {
  /** Takes what is in sight now for what is read. */
  readonly look: () => void;
  /** Puts what was read back where it was, scrolling apart, and looks anew. */
  readonly keep: () => void;
};

/**
 * Keeps what a reader sees where it is, whatever comes, grows or shrinks above it. `keep` is for when the scroller was
 * scrolled, and for behind each layout that changed what is in it (a `ResizeObserver`): nothing was painted since, so
 * that nobody sees anything move. The browser's own anchoring does the same in some of these cases, not in all.
 */
export function keepPlace(scroller: Element): PlaceKeeper {
  let held: readonly Held[] = [];
  let scrolled = 0;
  const look = (): void => {
    held = seenIn(scroller);
    scrolled = scroller.scrollTop;
  };
  const keep = (): void => {
    const last = held.findLast(({ element }) => element.isConnected);
    if (last) {
      const moved = topIn(scroller, last.element) - last.top + (scroller.scrollTop - scrolled);
      if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
    }
    look();
  };
  return { look, keep };
}

const topIn = (scroller: Element, element: Element): number =>
  element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;

/** What is in the middle, where a reader looks: the turn, the section in it, the block in that. */
function seenIn(scroller: Element): Held[] {
  const held: Held[] = [];
  let within = scroller;
  for (const level of LEVELS) {
    const element = firstBelow([...within.querySelectorAll(level)], scroller, scroller.clientHeight / 2);
    if (!element) break;
    held.push({ element, top: topIn(scroller, element) });
    within = element;
  }
  return held;
}

/** Of elements that are one below another, the first that ends below a line. */
function firstBelow(elements: readonly Element[], scroller: Element, line: number): Element | undefined {
  let [from, to] = [0, elements.length];
  while (from < to) {
    const half = (from + to) >> 1;
    const element = elements[half]!;
    if (topIn(scroller, element) + element.getBoundingClientRect().height > line) to = half;
    else from = half + 1;
  }
  return elements[from];
}
