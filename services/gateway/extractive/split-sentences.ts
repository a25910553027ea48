/** Words whose full stop is not an end, in lower case. */
const ABBREVIATIONS = new Set(
  `mr mrs ms dr prof rev gen col capt lt sgt hon st mt ft vs e.g i.e cf ca approx no nos fig figs eq sec ch vol pp ed eds
  inc ltd co corp dept est jan feb mar apr jun jul aug sep sept oct nov dec`.split(/\s+/),
);
const WIDE_ENDS = /[。！？!?]/;
const CLOSERS = /["'”’」』）)\]》]/;
const LONG_CHINESE = 90;

/** Sentences of one paragraph, verbatim and trimmed. Every character but white space between them is in one of them. */
export function splitSentences(paragraph: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (let i = 0; i < paragraph.length; i++) {
    if (!endsAt(paragraph, i, start)) continue;
    while (i + 1 < paragraph.length && CLOSERS.test(paragraph[i + 1]!)) i += 1;
    sentences.push(paragraph.slice(start, i + 1));
    start = i + 1;
  }
  sentences.push(paragraph.slice(start));
  return sentences.map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
}

function endsAt(text: string, i: number, start: number): boolean {
  const mark = text[i]!;
  if (mark === "；") return i - start > LONG_CHINESE;
  if (mark === "。" || mark === "！" || mark === "？") return !WIDE_ENDS.test(text[i + 1] ?? "");
  if (mark !== "." && mark !== "!" && mark !== "?") return false;
  let next = i + 1;
  while (next < text.length && CLOSERS.test(text[next]!)) next += 1;
  if (next < text.length && !/\s/.test(text[next]!)) return false;
  const following = text.slice(next).trimStart();
  const before = text.slice(start, i);
  // A short word may be an abbreviation we do not know; `npm` may begin a sentence.
  if (/^\p{Ll}/u.test(following) && (mark !== "." || /(^|\s)\S{1,4}$/.test(before))) return false;
  return mark !== "." || !isAbbreviation(before);
}

function isAbbreviation(before: string): boolean {
  const word = /(\S+)$/.exec(before)?.[1]?.replace(/^["'“‘([]+/, "") ?? "";
  return /^(\p{Lu}|\p{Lu}(\.\p{Lu})+)$/u.test(word) || ABBREVIATIONS.has(word.toLowerCase());
}
