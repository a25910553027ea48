/** The positions of the `limit` highest scores among those that `may` be taken, in no order. A heap of the best so far. */
export function highest(scores: Float32Array, limit: number, may: (position: number) => boolean): number[] {
  const heap: number[] = [];
  const below = (a: number, b: number): boolean => scores[heap[a]!]! < scores[heap[b]!]!;
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const least = left + 1 < heap.length && below(left + 1, left) ? left + 1 : left;
      if (!below(least, at)) return;
      swap(least, at);
      at = least;
    }
  };
  for (let position = 0; position < scores.length; position++) {
    const isFull = heap.length === limit;
    if (isFull && (limit === 0 || scores[position]! <= scores[heap[0]!]!)) continue;
    if (!may(position)) continue;
    if (isFull) {
      heap[0] = position;
      sink();
      continue;
    }
    let at = heap.push(position) - 1;
    for (let up = (at - 1) >> 1; at > 0 && below(at, up); up = (at - 1) >> 1) {
      swap(at, up);
      at = up;
    }
  }
  return heap;
}
