import type { PlaceUnit } from "#shared/places.ts";

export type ParseInput = {
  readonly bytes: Uint8Array;
  /** File name or title; its extension decides where the bytes do not. */
  readonly name: string;
  readonly mediaType?: string;
};

export type BlockKind = "heading" | "paragraph" | "list" | "code" | "table";

/** One element of the document's structure; `[start, end)` are UTF-16 indices into `Parsed.text`. */
export type Block = {
  readonly kind: BlockKind;
  readonly start: number;
  readonly end: number;
  /** The headings above the block, outermost first; a heading's own path ends with itself. */
  readonly headingPath: readonly string[];
  readonly page?: number;
  /** Of its first line, where the original counts something else than pages. */
  readonly place?: { readonly unit: PlaceUnit; readonly number: number };
};

export type Parsed = {
  readonly title: string;
  readonly mediaType: string;
  /** Name and version, `markdown/1`: a new version means that the same bytes may give another text. */
  readonly parser: string;
  /** Normalised: what a reader of the document would see, and nothing that is hidden from one. */
  readonly text: string;
  readonly blocks: readonly Block[];
};
