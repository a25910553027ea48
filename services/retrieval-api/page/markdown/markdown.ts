import { html } from "htm/preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { memo } from "../ui/memo.ts";
import { settle } from "../ui/settle.ts";
import { hasTime, nextFrame } from "../ui/task-time.ts";
import { drawBlock } from "./draw-block.ts";
import { type Section, sameSection } from "./growing-answer.ts";
import type { Marks } from "./marks.ts";

type Props = {
  readonly sections: readonly Section[];
  /** Another object when all of them look different. */
  readonly marks: Marks;
  /** Told whether a part of the text is still to be drawn. */
  readonly onDrawn: (whole: boolean) => void;
};
type Drawn = { readonly section: Section; readonly marks: Marks };

/**
 * Markdown that is drawn a little at a time, from its end, where its reader is while it grows. What did not change
 * is not drawn again.
 */
export function Markdown({ sections, marks, onDrawn }: Props) {
  const drawn = useRef<(Drawn | undefined)[]>([]);
  const [, drawOn] = useState(0);
  const whole = catchUp(drawn.current, sections, marks);
  useLayoutEffect(() => {
    onDrawn(whole);
    if (!whole) void nextFrame().then(() => drawOn((times) => times + 1));
  });
  return html`${sections.map((_, i) => html`<${SectionView} key=${i} drawn=${drawn.current[i]} />`)}`;
}

/** Puts one section, if there is time for it, in the place of what was drawn. False when something is left. */
function catchUp(drawn: (Drawn | undefined)[], sections: readonly Section[], marks: Marks): boolean {
  let [ready, whole] = [hasTime(), true];
  drawn.length = sections.length;
  for (let i = sections.length - 1; i >= 0; i--) {
    const [section, before] = [sections[i]!, drawn[i]];
    if (before && before.marks === marks && sameSection(before.section, section)) continue;
    if (ready) drawn[i] = { section, marks };
    else whole = false;
    ready = false;
  }
  return whole;
}

const SectionView = memo(
  ({ drawn }: { readonly drawn: Drawn | undefined }) => html`
    <div class="md-section" ref=${drawn && settle}>${drawn?.section.map((block) => drawBlock(block, drawn.marks))}</div>
  `,
  (before, now) => before.drawn === now.drawn,
);
