/** A Chinese or Japanese character says about as much as 2.4 Latin letters, and costs a model about as many tokens. */
const WIDE_WEIGHT = 2.4;

/** The weight of one UTF-16 unit. */
export function weightAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  const isWide =
    (unit >= 0x2e80 && unit < 0xa000) || (unit >= 0xac00 && unit < 0xd7b0) || (unit >= 0xf900 && unit < 0xfb00);
  return isWide || (unit >= 0xff00 && unit < 0xfff0) ? WIDE_WEIGHT : 1;
}

/** The size of `text[start, end)` in units that mean the same amount of content in every script. */
export function weigh(text: string, start: number, end: number): number {
  let weight = 0;
  for (let i = start; i < end; i++) weight += weightAt(text, i);
  return weight;
}
