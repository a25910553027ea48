import { AppError } from "#shared/errors.ts";
import type { Sink } from "./exchange.ts";

const MAX_BYTES = 64 * 1024 * 1024;
const MIN_HELD_BYTES = 32 * 1024;

/** The body of an answer, whole, and what `read` makes of its text. */
export class WholeBody<T> implements Sink {
  readonly #answer = Promise.withResolvers<T>();
  readonly #read: (text: string) => T;
  /** Its first `#bytes` bytes are the body so far. Pieces kept one by one could cost a hundred times their bytes. */
  #held = Buffer.alloc(0);
  #only: string | undefined;
  #bytes = 0;

  constructor(read: (text: string) => T) {
    this.#read = read;
  }

  get value(): Promise<T> {
    return this.#answer.promise;
  }

  onData(piece: Buffer, last: boolean): AppError | undefined {
    const before = this.#bytes;
    this.#bytes += piece.byteLength;
    if (this.#bytes > MAX_BYTES) return new AppError("upstream_failed", "The model server's answer is too large.");
    // Nearly always there is one piece, which need not be kept.
    if (last && before === 0) {
      this.#only = piece.toString("utf8");
      return undefined;
    }
    if (this.#bytes > this.#held.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(MIN_HELD_BYTES, 2 * this.#bytes));
      this.#held.copy(larger, 0, 0, before);
      this.#held = larger;
    }
    piece.copy(this.#held, before);
    return undefined;
  }

  onEnd(): void {
    try {
      this.#answer.resolve(this.#read(this.#only ?? this.#held.toString("utf8", 0, this.#bytes)));
    } catch (error) {
      this.#answer.reject(error);
    }
  }

  onFailure(error: AppError): void {
    this.#answer.reject(error);
  }
}
