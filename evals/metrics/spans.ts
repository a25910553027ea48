/** Half-open, in Unicode code points of a document's normalised text. Without a range: the whole document. */
export type Place = {
  readonly document: string;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
};

/** At least half of the shorter one lies within the other. A whole document overlaps all that is in it. */
export function overlaps(a: Place, b: Place): boolean {
  if (a.document !== b.document) return false;
  const shorter = Math.min(lengthOf(a), lengthOf(b));
  return shorter === Number.POSITIVE_INFINITY || common(a, b) >= shorter / 2;
}

/** Code points that two places share. */
export function common(a: Place, b: Place): number {
  if (a.document !== b.document) return 0;
  const start = Math.max(a.start ?? 0, b.start ?? 0);
  const end = Math.min(a.end ?? Number.POSITIVE_INFINITY, b.end ?? Number.POSITIVE_INFINITY);
  return Math.max(0, end - start);
}

/** Share of a place that the others cover together. */
export function coveredBy(place: Place, others: readonly Place[]): number {
  const { start = 0, end } = place;
  if (end === undefined) return others.some(({ document }) => document === place.document) ? 1 : 0;
  const parts = others
    .filter((other) => common(place, other) > 0)
    .map((other) => [Math.max(start, other.start ?? 0), Math.min(end, other.end ?? end)] as const)
    .sort(([a], [b]) => a - b);
  let covered = 0;
  let reached = start;
  for (const [from, to] of parts) {
    covered += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return end === start ? 0 : covered / (end - start);
}

const lengthOf = ({ start = 0, end = Number.POSITIVE_INFINITY }: Place): number => end - start;
