/** So many first letters in common make a word an abbreviation: `docs` of `documents`. */
const SAME_START = 3;

/** The candidate that `word` was probably meant to be; `undefined` when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3));
  const start = word.slice(0, SAME_START);
  const edits = (candidate: string): number => {
    if (candidate.startsWith(word)) return 0;
    const abbreviated = start.length === SAME_START && candidate.startsWith(start);
    return Math.min(distance(word, candidate), abbreviated ? 1 : Number.POSITIVE_INFINITY);
  };
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: edits(candidate) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return word !== "" && best && best.edits <= most ? best.candidate : undefined;
}

/** Levenshtein's distance, with a swap of neighbours as one edit: the most common slip of a hand. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 1; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = edits;
    }
  }
  return rows[a.length]![b.length]!;
}
