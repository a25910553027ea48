/** `containers[0].name` is code, not a citation: an identifier before the bracket and a continuation behind it. */
const CODE_BEFORE = /[A-Za-z0-9_)\]]$/;
const CODE_BEHIND = /^(?:\??\.[A-Za-z_]|\[|[A-Za-z_=(])/;

/** Whether a bracketed number between these two texts belongs to code. */
export function isIndexing(before: string, behind: string): boolean {
  return CODE_BEFORE.test(before) && CODE_BEHIND.test(behind) && !before.endsWith("]");
}
