import type { VNode } from "preact";

/** How the citation mark at an index of the answer is shown. */
export type Marks = {
  readonly draw: (index: number) => VNode | string;
  /** As plain text, where it stands in code. */
  readonly spell: (index: number) => string;
};
