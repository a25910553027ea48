import { editDistance } from "#shared/edit-distance.ts";

/** So many first letters in common make a word an abbreviation: `docs` of `documents`. */
const SAME_START = 3;

/** The candidate that `word` was probably meant to be; `undefined` when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3));
  const start = word.slice(0, SAME_START);
  const edits = (candidate: string): number => {
    if (candidate.startsWith(word)) return 0;
    const abbreviated = start.length === SAME_START && candidate.startsWith(start);
    return Math.min(editDistance(word, candidate), abbreviated ? 1 : Number.POSITIVE_INFINITY);
  };
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: edits(candidate) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return word !== "" && best && best.edits <= most ? best.candidate : undefined;
}
