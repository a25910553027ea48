import { MARKER_RUNS } from "#shared/marker-runs.ts";
import { shownText } from "./shown-text.ts";

/** An answer as it is read aloud: without markers and the signs of Markdown. */
export const plainText = (markdown: string): string =>
  shownText(markdown)
    .replaceAll(MARKER_RUNS, "")
    .replaceAll(/^ {0,3}(?:#{1,6} |[-*+] |> ?|```.*$)/gm, "")
    .replaceAll(/[*_`]{1,3}/g, "")
    .trim();
