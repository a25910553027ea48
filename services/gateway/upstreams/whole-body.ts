import { AppError } from "#shared/errors.ts";
import type { Sink } from "./exchange.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/** The body of an answer, whole, and what `read` makes of its text. */
export class WholeBody<T> implements Sink {
  readonly #answer = Promise.withResolvers<T>();
  readonly #read: (text: string) => T;
  readonly #pieces: Buffer[] = [];
  #only: string | undefined;
  #bytes = 0;

  constructor(read: (text: string) => T) {
    this.#read = read;
  }

  get value(): Promise<T> {
    return this.#answer.promise;
  }

  onData(piece: Buffer, last: boolean): AppError | undefined {
    this.#bytes += piece.byteLength;
    if (this.#bytes > MAX_BYTES) return new AppError("upstream_failed", "The model server's answer is too large.");
    // Nearly always there is one piece, which need not be kept.
    if (last && this.#pieces.length === 0) this.#only = piece.toString("utf8");
    else this.#pieces.push(Buffer.from(piece));
    return undefined;
  }

  onEnd(): void {
    try {
      this.#answer.resolve(this.#read(this.#only ?? Buffer.concat(this.#pieces).toString("utf8")));
    } catch (error) {
      this.#answer.reject(error);
    }
  }

  onFailure(error: AppError): void {
    this.#answer.reject(error);
  }
}
