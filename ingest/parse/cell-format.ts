import { format, isDateFormat } from "numfmt";

const GENERAL = "General";
const DATE = "yyyy-mm-dd";
const TIME = "h:mm:ss";
/** From the dates that count from 1904 to those that count from 1900. */
const DAYS_1904 = 1_462;
/** `[h]:mm`: how long something took, which begins with no day. */
const DURATION = /\[(h+|m+|s+)\]/i;
/** Excel keeps 15 digits. */
const MAX_EXACT = 1e15;

/** Formats that files name by number only (ECMA-376, 18.8.30). Dates that every reader sees otherwise become ISO 8601. */
const BUILT_IN: ReadonlyMap<number, string> = new Map(
  [
    ...Object.entries({ 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00" }),
    ...Object.entries({ 12: "# ?/?", 13: "# ??/??", 14: DATE, 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy" }),
    ...Object.entries({ 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: TIME, 22: `${DATE} h:mm` }),
    ...Object.entries({ 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)" }),
    ...Object.entries({
      40: "#,##0.00;(#,##0.00)",
      45: "mm:ss",
      46: "[h]:mm:ss",
      47: "mm:ss.0",
      48: "##0.0E+0",
      49: "@",
    }),
    ...[27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58].map((id): [string, string] => [String(id), DATE]),
    ...[32, 33, 34, 35, 55, 56].map((id): [string, string] => [String(id), TIME]),
  ].map(([id, pattern]) => [Number(id), pattern]),
);

/** The pattern of a number format; `custom` are those that the file defines. */
export const patternOf = (id: number, custom: ReadonlyMap<number, string>): string =>
  custom.get(id) ?? BUILT_IN.get(id) ?? GENERAL;

/** A number as the sheet shows it in a cell that is wide enough: `1,234.50`, `26%`, `2026-03-01`. */
export function shownNumber(raw: string, pattern: string, from1904: boolean): string {
  const value = Number(raw);
  if (!Number.isFinite(value)) return raw;
  // Long whole numbers are most often codes, which scientific notation would make useless.
  if (pattern === GENERAL && Number.isInteger(value) && Math.abs(value) < MAX_EXACT) return String(value);
  const days = from1904 && isDateFormat(pattern) && !DURATION.test(pattern) ? value + DAYS_1904 : value;
  return format(pattern, days, { throws: false }).replace(/\s+/g, " ").trim();
}

/** Whether numbers in this pattern are dates or times. */
export const isDatePattern = (pattern: string): boolean => pattern !== GENERAL && isDateFormat(pattern);
