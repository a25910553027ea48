/** A number of a text by its value, and what it counts where that is a known unit. */
export type Quantity = { readonly value: string; readonly unit: string | undefined };

const SMALL = (
  "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen " +
  "nineteen"
).split(" ");
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SCALES: Readonly<Record<string, number>> = {
  hundred: 1e2,
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  万: 1e4,
  亿: 1e8,
};
/** Spellings of one unit share a line; the first names it. What is not here counts as no unit. */
const UNITS = [
  ["%", "percent", "per cent"],
  ["byte", "bytes", "字节"],
  ["kb", "kib"],
  ["mb", "mib"],
  ["gb", "gib"],
  ["tb", "tib"],
  ["ms", "millisecond", "milliseconds", "毫秒"],
  ["second", "seconds", "秒"],
  ["minute", "minutes", "min", "分钟"],
  ["hour", "hours", "小时"],
  ["day", "days", "天"],
  ["week", "weeks", "周"],
  ["month", "months", "个月"],
  ["year", "years", "年"],
];
const UNIT_OF = new Map(UNITS.flatMap((spellings) => spellings.map((one) => [one, spellings[0]!] as const)));
const HAN_DIGITS = "零一二三四五六七八九";
const HAN_SCALES: Readonly<Record<string, number>> = { 十: 10, 百: 100, 千: 1000 };
/** Chinese numerals are also parts of other words: two of them, or one before what is counted, are a number. */
const HAN_NUMBER =
  "[一二两三四五六七八九][十百千][零一二三四五六七八九十百千]*|十[一二三四五六七八九]|[二两三四五六七八九十](?=个|次|种|天|小时|分钟|秒|年|名|人|倍|项|页|台|周|份|条|位|步)";

const QUANTITY = new RegExp(
  [
    `(?<digits>\\d+(?:[.,]\\d+)*)|\\b(?<tens>${TENS.join("|")})(?:[-\\s](?<ones>one|${SMALL.slice(0, 8).join("|")}))?\\b`,
    `|\\b(?<small>${SMALL.join("|")}|one(?=\\s(?:hundred|thousand|million|billion)\\b))\\b|(?<han>${HAN_NUMBER})`,
  ].join(""),
  "giu",
);
const SCALE = /^\s?(hundred|thousand|million|billion)\b|^\s?([万亿])/iu;
const UNIT = new RegExp(
  `^[\\s-]?(?:(${[...UNIT_OF.keys()].filter(isAscii).join("|")})(?![A-Za-z0-9])|(${han()}))`,
  "iu",
);

/** The numbers of a text, in figures or in words. “One” alone is left out: it is as often a pronoun. */
export function quantitiesOf(text: string): Quantity[] {
  const plain = text.normalize("NFKC");
  return [...plain.matchAll(QUANTITY)].map((found) => {
    const behind = plain.slice(found.index + found[0].length, found.index + found[0].length + 24);
    const scale = SCALE.exec(behind);
    const factor = scale ? SCALES[(scale[1] ?? scale[2]!).toLowerCase()]! : 1;
    const unit = UNIT.exec(behind.slice(scale?.[0].length ?? 0));
    return {
      value: numberOf(found.groups!, factor),
      unit: unit ? UNIT_OF.get(unit[1]?.toLowerCase() ?? unit[2]!) : undefined,
    };
  });
}

/** Whether a text has every number that the sentence has, and none of them with another unit only. */
export function holdsQuantities(sentence: string, text: string): boolean {
  const held = quantitiesOf(text);
  return quantitiesOf(sentence).every(({ value, unit }) =>
    held.some((one) => one.value === value && (unit === undefined || one.unit === undefined || one.unit === unit)),
  );
}

function numberOf({ digits, tens, ones, small, han }: Record<string, string | undefined>, factor: number): string {
  if (digits !== undefined) {
    const plain = digits.replaceAll(/,(?=\d{3}(?!\d))/g, "");
    // A version or a date is no quantity that could be multiplied.
    return /^\d+(?:\.\d+)?$/.test(plain) ? String(Number(plain) * factor) : plain;
  }
  if (han !== undefined) return String(hanValue(han) * factor);
  const place = (list: readonly string[], word: string | undefined): number => list.indexOf(word?.toLowerCase() ?? "");
  const one = (word: string | undefined): number => (word?.toLowerCase() === "one" ? 1 : place(SMALL, word) + 2);
  const value = tens === undefined ? one(small) : (place(TENS, tens) + 2) * 10 + (ones === undefined ? 0 : one(ones));
  return String(value * factor);
}

function hanValue(text: string): number {
  let [sum, digit] = [0, 0];
  for (const character of text.replaceAll("两", "二")) {
    const scale = HAN_SCALES[character];
    if (scale === undefined) digit = HAN_DIGITS.indexOf(character);
    else [sum, digit] = [sum + (digit || 1) * scale, 0];
  }
  return sum + digit;
}

function isAscii(text: string): boolean {
  return /^[a-z% ]+$/.test(text);
}

function han(): string {
  return [...UNIT_OF.keys()].filter((one) => !isAscii(one)).join("|");
}
