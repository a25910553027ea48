// Characters that a reader does not see but a model does: instructions can be smuggled in them, and they split words
// for the index. Soft hyphen, zero-width, bidirectional controls, invisible operators, variation selectors, tags.
const INVISIBLE =
  /\u034F|[\u180B-\u180D]|[\uFE00-\uFE0F]|[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E0FFF}]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose.
const CONTROL = /[\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: some old text files use them.
const LINE_END = /\r\n?|[\u000B\u000C\u0085\u2028\u2029]/g;
const SPACE = /[\u00A0\u2007\u202F]/g;
const BLANK_LINES = /\n{4,}/g;
const PLAIN = /^[\n\x20-\x7E]*$/;

/** Line ends become `\n` and invisible characters go: the part that is safe before a format's own syntax is read. */
export function normaliseSource(text: string): string {
  if (PLAIN.test(text)) return text;
  const visible = text.replace(LINE_END, "\n").replace(INVISIBLE, "").replace(CONTROL, "");
  return visible.isWellFormed() ? visible : visible.replace(/\p{Surrogate}/gu, "");
}

/** The text that offsets count in: NFC, `\n` line ends, no invisible characters, at most two blank lines in a row. */
export function normalise(text: string): string {
  const source = normaliseSource(text).replace(SPACE, " ");
  const lines = source.split("\n").map((line) => line.trimEnd());
  return lines.join("\n").replace(BLANK_LINES, "\n\n\n").normalize("NFC");
}
