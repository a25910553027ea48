import type { Places } from "./places.ts";

/** Part of a generation's identity. Another version cuts the same text into other passages: raise it with the chunker. */
export const CHUNKER_VERSION = "structure/1";

/**
 * A retrievable passage. `[start, end)` counts Unicode code points of the document version's normalised
 * text, and `text` is exactly that slice. Title and heading path are indexed with it but not part of it.
 */
export type Chunk = {
  /** Derived from version and start, never from content. */
  readonly id: string;
  readonly documentId: string;
  readonly versionId: string;
  readonly title: string;
  readonly headingPath: readonly string[];
  readonly page: number | undefined;
  /** Where its lines stand in an original that counts something else than pages. */
  readonly places?: Places | undefined;
  readonly start: number;
  readonly end: number;
  readonly text: string;
};
