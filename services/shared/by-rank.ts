import type { Chunk } from "./chunk.ts";

/**
 * Best first. Ties go by what the passages say and by their ids only after that: ids are drawn by lot, and the same
 * documents must rank alike in a replay and in another installation.
 */
export function byRank(
  a: { readonly score: number; readonly chunk: Chunk },
  b: { readonly score: number; readonly chunk: Chunk },
): number {
  return b.score - a.score || order(keyOf(a.chunk), keyOf(b.chunk));
}

const keyOf = ({ title, start, text, id }: Chunk): readonly (string | number)[] => [title, start, text, id];

function order(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
}
