/** A part of a Markdown text. Inline marks are still in `text`; `raw` is the source, for telling whether it changed. */
export type Block =
  | { readonly type: "paragraph"; readonly text: string; readonly raw: string }
  | { readonly type: "heading"; readonly depth: number; readonly text: string; readonly raw: string }
  | { readonly type: "code"; readonly language: string; readonly text: string; readonly raw: string }
  | { readonly type: "quote"; readonly blocks: readonly Block[]; readonly raw: string }
  | {
      readonly type: "list";
      readonly ordered: boolean;
      readonly start: number;
      readonly items: readonly (readonly Block[])[];
      readonly raw: string;
    }
  | {
      readonly type: "table";
      readonly align: readonly Align[];
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly raw: string;
    }
  | { readonly type: "rule"; readonly raw: string };

export type Align = "left" | "center" | "right" | undefined;
