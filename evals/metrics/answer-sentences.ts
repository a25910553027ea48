import { MARKER_RUNS } from "#shared/marker-runs.ts";

const CODE_BLOCK = /```[\s\S]*?(?:```|$)/g;
const WORD = /[\p{L}\p{N}]/u;

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

/** A sentence and where it stands in the answer, markers left out, in code points. */
export type Sentence = { readonly text: string; readonly start: number; readonly end: number };

/** The answer without its citation markers. */
export const withoutMarkers = (answer: string): string => answer.replaceAll(MARKER_RUNS, "");

/** The sentences of an answer, in order; code blocks belong to the sentence before them. */
export function answerSentences(answer: string): Sentence[] {
  // Blanks of the same length keep every offset.
  const plain = answer
    .replaceAll(CODE_BLOCK, (block) => " ".repeat(block.length))
    .replaceAll(MARKER_RUNS, (markers) => " ".repeat(markers.length));
  const sentences: Sentence[] = [];
  for (const line of plain.matchAll(/[^\n]+/g)) {
    for (const { segment, index } of segmenter.segment(line[0])) {
      if (!WORD.test(segment)) continue;
      const from = line.index + index + (segment.length - segment.trimStart().length);
      const text = segment.trim();
      const start = Array.from(answer.slice(0, from)).length;
      sentences.push({ text, start, end: start + Array.from(text).length });
    }
  }
  return sentences;
}
