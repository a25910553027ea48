/**
 * A part of a Markdown text. Inline marks are still in `text`; `raw` is the source, for telling whether it changed. Of
 * one that is drawn in pieces, `part` says which of them this is.
 */
export type Block = { readonly raw: string; readonly part?: Part } & (
  | { readonly type: "paragraph"; readonly text: string }
  | { readonly type: "heading"; readonly depth: number; readonly text: string }
  | {
      readonly type: "code";
      readonly language: string;
      readonly text: string;
      /** All of the code that this is a piece of. */
      readonly whole?: string;
    }
  | { readonly type: "quote"; readonly blocks: readonly Block[] }
  | {
      readonly type: "list";
      readonly ordered: boolean;
      readonly start: number;
      readonly items: readonly (readonly Block[])[];
      /** The first item goes on with the last one of the piece before. */
      readonly goesOn?: boolean;
    }
  | {
      readonly type: "table";
      readonly align: readonly Align[];
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly type: "rule" }
);

export type Align = "left" | "center" | "right" | undefined;
export type Part = "first" | "middle" | "last";
