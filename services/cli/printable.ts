/**
 * Control characters, and the characters that turn the direction of text: a document could move the cursor, rename the
 * window or show other words than it holds. Line feed and tab stay.
 */
const DANGEROUS = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu;
const DANGEROUS_IN_JSON = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;

export const printable = (text: string): string => text.replace(DANGEROUS, "");

/** For titles, addresses and quotes, which must not be able to pose as further lines of ours. */
export const oneLine = (text: string): string => printable(text.replaceAll(/\s+/g, " ")).trim();

/** `oneLine` with an ellipsis when it is longer than `limit` code points. */
export function excerpt(text: string, limit: number): string {
  const points = Array.from(oneLine(text));
  return points.length <= limit
    ? points.join("")
    : `${points
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}…`;
}

/** JSON that is safe on a terminal and reads back as the same value. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replace(
    DANGEROUS_IN_JSON,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
