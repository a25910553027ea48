import type { IndexTerms } from "./tokenize.ts";

/** How often each term occurs, by its hash, packed: number of words, sorted hashes, frequencies in the same order. */
export class TermCounts {
  words = 0;
  readonly #frequencies = new Map<number, number>();

  add({ words, aids }: IndexTerms): this {
    this.words += words.length;
    for (const term of words) this.#add(hashOf(term), 1);
    for (const term of aids) this.#add(hashOf(term), 1);
    return this;
  }
  /** What another text has, as well. */
  merge(other: TermCounts): this {
    this.words += other.words;
    for (const [hash, frequency] of other.#frequencies) this.#add(hash, frequency);
    return this;
  }
  #add(hash: number, frequency: number): void {
    this.#frequencies.set(hash, (this.#frequencies.get(hash) ?? 0) + frequency);
  }
  entries(): IterableIterator<[hash: number, frequency: number]> {
    return this.#frequencies.entries();
  }
  pack(): Uint8Array {
    const hashes = Uint32Array.from(this.#frequencies.keys()).sort();
    const packed = new Uint32Array(1 + 2 * hashes.length);
    packed[0] = this.words;
    packed.set(hashes, 1);
    for (const [i, hash] of hashes.entries()) packed[1 + hashes.length + i] = this.#frequencies.get(hash)!;
    return new Uint8Array(packed.buffer);
  }
}

export function unpack(blob: unknown): Uint32Array {
  const { buffer, byteOffset, byteLength } = blob as Uint8Array;
  return new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT);
}

export const wordsOf = (counts: Uint32Array): number => counts[0]!;

/** The hashes of the terms, sorted. */
export const termsIn = (counts: Uint32Array): Uint32Array => counts.subarray(1, 1 + (counts.length - 1) / 2);
export const frequenciesIn = (counts: Uint32Array): Uint32Array => counts.subarray(1 + (counts.length - 1) / 2);

export function frequencyIn(counts: Uint32Array, hash: number): number {
  const size = (counts.length - 1) / 2;
  for (let low = 1, high = size; low <= high; ) {
    const middle = (low + high) >>> 1;
    const found = counts[middle]!;
    if (found === hash) return counts[middle + size]!;
    if (found < hash) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}

/** FNV-1a, 32 bits. Two terms of one text and a question collide once in millions; only the order could change. */
export function hashOf(term: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < term.length; i++) hash = Math.imul(hash ^ term.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
