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
  return Array.from(text).slice(start, end).join("");
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
