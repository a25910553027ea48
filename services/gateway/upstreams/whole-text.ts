import { AppError } from "#shared/errors.ts";
import type { Sink } from "./exchange.ts";

const MAX_BYTES = 64 * 1024 * 1024;

/** The body of an answer, whole. */
export class WholeText implements Sink {
  readonly #answer = Promise.withResolvers<string>();
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  get text(): Promise<string> {
    return this.#answer.promise;
  }

  onData(piece: Buffer): AppError | undefined {
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
    if (this.#bytes <= MAX_BYTES) return undefined;
    return new AppError("upstream_failed", "The model server's answer is too large.");
  }

  onEnd(): void {
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#answer.resolve(whole.toString("utf8"));
  }

  onFailure(error: AppError): void {
    this.#answer.reject(error);
  }
}
