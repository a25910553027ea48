import type { Chunk } from "./chunk.ts";
import { headingOf } from "./count-terms.ts";

/** What an embedding model is given of a chunk: alone, a passage does not say what it is about. */
export const passageText = (chunk: Pick<Chunk, "title" | "headingPath" | "text">): string =>
  `${headingOf(chunk)}\n${chunk.text}`.trim();
