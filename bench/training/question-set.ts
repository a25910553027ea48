/** Where the answer stands, in code points of the document's text; `text` is that piece. */
export type Gold = { readonly document: string; readonly start: number; readonly end: number; readonly text: string };
export type Asked = {
  readonly question: string;
  readonly history: readonly string[];
  /** Empty when the documents do not answer. */
  readonly gold: readonly Gold[];
  /** Unanswerable, although the documents speak of the matter. */
  readonly isNear: boolean;
};
export type Source = {
  readonly id: string;
  readonly title: string | undefined;
  readonly bytes: Buffer;
  readonly name: string;
};
export type QuestionSet = {
  readonly name: string;
  readonly language: "en" | "zh" | "both";
  readonly sources: readonly Source[];
  readonly asked: readonly Asked[];
};

/** So many of them, spread evenly. */
export function everyNth<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, i) => all[Math.floor(i * step)]!);
}
