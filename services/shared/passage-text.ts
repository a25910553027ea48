import type { Chunk } from "./chunk.ts";
import { headingOf } from "./count-terms.ts";

/** What an embedding model is given of a chunk: alone, a passage does not say what it is about. */
export const passageText = (chunk: Chunk): string => `${headingOf(chunk)}\n${chunk.text}`.trim();
