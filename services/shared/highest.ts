/** The `limit` highest of the scores that it is offered, by where they stand, in no order. A heap of the best so far. */
export class Highest {
  readonly positions: number[] = [];
  /** Whatever is not above it need not be offered. */
  least = Number.NEGATIVE_INFINITY;
  readonly #limit: number;
  readonly #scores: Float64Array;

  constructor(limit: number) {
    this.#limit = limit;
    this.#scores = new Float64Array(limit);
    if (limit === 0) this.least = Number.POSITIVE_INFINITY;
  }
  offer(position: number, score: number): void {
    if (score <= this.least) return;
    if (this.positions.length === this.#limit) {
      this.#put(0, position, score);
      this.#sink();
    } else {
      this.#rise(this.positions.push(position) - 1, score);
    }
    if (this.positions.length === this.#limit) this.least = this.#scores[0]!;
  }
  #put(at: number, position: number, score: number): void {
    this.positions[at] = position;
    this.#scores[at] = score;
  }
  #swap(a: number, b: number): void {
    const [position, score] = [this.positions[a]!, this.#scores[a]!];
    this.#put(a, this.positions[b]!, this.#scores[b]!);
    this.#put(b, position, score);
  }
  #rise(from: number, score: number): void {
    this.#scores[from] = score;
    let at = from;
    for (let up = (at - 1) >> 1; at > 0 && this.#scores[at]! < this.#scores[up]!; up = (at - 1) >> 1) {
      this.#swap(at, up);
      at = up;
    }
  }
  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= this.positions.length) return;
      const right = left + 1;
      const least = right < this.positions.length && this.#scores[right]! < this.#scores[left]! ? right : left;
      if (this.#scores[least]! >= this.#scores[at]!) return;
      this.#swap(least, at);
      at = least;
    }
  }
}
