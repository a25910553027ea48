import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 48rem)");

/** Whether there is room for one thing only, as on a phone. The same width as in the style sheets. */
export const isNarrow = signal(query.matches);

query.addEventListener("change", ({ matches }) => {
  isNarrow.value = matches;
});
