/**
 * Citation markers one behind the other, with the blanks before them: ` [1] [2]`. It looks at a run of blanks once, from
 * its beginning, so that thousands of them take no longer to read.
 */
export const MARKER_RUNS = /(?:(?<!\s)\s*\[\d{1,3}\])+/g;
