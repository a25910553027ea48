const SURROGATE_PAIR = /[\u{10000}-\u{10FFFF}]/u;

/** Length in Unicode code points, the unit of every offset that leaves the process. */
export function codePointLength(text: string): number {
  if (!SURROGATE_PAIR.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** `text[start, end)` counted in code points. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  if (!SURROGATE_PAIR.test(text)) return text.slice(start, end);
  const from = advance(text, 0, start);
  return text.slice(from, advance(text, from, end - start));
}

/** The UTF-16 index `count` code points after `from`. Walks: an array of a long text's characters takes gigabytes. */
function advance(text: string, from: number, count: number): number {
  let at = from;
  for (let i = 0; i < count && at < text.length; i++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

/** Maps UTF-16 indices of `text` to code points; cheap to call many times. */
export function codePointIndex(text: string): (utf16: number) => number {
  if (!SURROGATE_PAIR.test(text)) return (utf16) => utf16;
  const pairsBefore = new Uint32Array(text.length + 1);
  let pairs = 0;
  for (let i = 0; i < text.length; i++) {
    pairsBefore[i] = pairs;
    const unit = text.charCodeAt(i);
    const next = text.charCodeAt(i + 1);
    if (unit >= 0xd800 && unit < 0xdc00 && next >= 0xdc00 && next < 0xe000) pairs += 1;
  }
  pairsBefore[text.length] = pairs;
  return (utf16) => utf16 - pairsBefore[utf16]!;
}
