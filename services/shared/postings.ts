import type { TermSegment } from "./term-segment.ts";

const FIRST_BYTES = 256;
/** The highest number of one byte. */
export const ONE_BYTE = 0x7f;
const BITS = 7;
const MAX_BYTES = 5;
/** From so many bytes a copy by the engine is faster than one by one. */
const COPIED_FROM = 48;

/**
 * Reads where a term is: version by version, its frequency there and the chunks that hold it. Numbers are of seven bits
 * a byte, the lowest first, and versions and chunks the distance from the one before, as in any inverted index: most
 * take one byte. A chunk's distance and whether the term is there but once share one. After a version stands how many
 * bytes it takes, so that it can be passed over.
 */
export class Postings {
  version = -1;
  /** How often the term is in the version: not the sum of its chunks', where a heading counts for each. */
  frequency = 0;
  /** In how many chunks of the version it is: `nextChunk` may be called so many times. */
  held = 0;
  /** Counted within the version. */
  chunk = -1;
  chunkFrequency = 0;
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  #at = 0;
  #end = 0;
  #next = 0;

  constructor({ postings, starts }: TermSegment["terms"]) {
    this.#bytes = postings;
    this.#starts = starts;
  }
  /** From the first version that has the term. */
  open(term: number): this {
    this.#next = this.#starts[term]!;
    this.#end = this.#starts[term + 1]!;
    this.version = -1;
    return this;
  }
  /** Whatever of the version before has been read. */
  nextVersion(): boolean {
    if (this.#next >= this.#end) return false;
    this.#at = this.#next;
    this.version += this.#read();
    const size = this.#read();
    this.#next = this.#at + size;
    this.frequency = this.#read();
    this.held = this.#read();
    this.chunk = -1;
    return true;
  }
  nextChunk(): void {
    const read = this.#read();
    this.chunk += read >>> 1;
    this.chunkFrequency = (read & 1) === 1 ? 1 : this.#read();
  }
  #read(): number {
    const first = this.#bytes[this.#at]!;
    if (first <= ONE_BYTE) {
      this.#at += 1;
      return first;
    }
    const value = numberAt(this.#bytes, this.#at);
    this.#at = afterNumber(this.#bytes, this.#at);
    return value;
  }
}

export function numberAt(bytes: Uint8Array, at: number): number {
  let value = bytes[at]! & ONE_BYTE;
  for (let i = at, shift = BITS; bytes[i]! > ONE_BYTE; shift += BITS) {
    i += 1;
    value |= (bytes[i]! & ONE_BYTE) << shift;
  }
  return value;
}

export function afterNumber(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end]! > ONE_BYTE) end += 1;
  return end + 1;
}

/** Writes what `Postings` reads, terms in the order of their hashes. A term without a version leaves no trace. */
export class PostingsWriter {
  readonly #hashes: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #held: Uint32Array;
  readonly #last: Uint32Array;
  readonly #terms = new NumberWriter();
  readonly #chunks = new NumberWriter();
  #hash = 0;
  #term = -1;
  #isNew = false;
  #version = -1;
  #chunk = -1;

  /** Of at most so many terms. */
  constructor(terms: number) {
    this.#hashes = new Uint32Array(terms);
    this.#starts = new Uint32Array(terms + 1);
    this.#held = new Uint32Array(terms);
    this.#last = new Uint32Array(terms);
  }
  beginTerm(hash: number): void {
    this.#hash = hash;
    this.#isNew = true;
    this.#version = -1;
  }
  chunk(chunk: number, frequency: number): void {
    const distance = (chunk - this.#chunk) << 1;
    this.#chunk = chunk;
    this.#chunks.write(frequency === 1 ? distance | 1 : distance);
    if (frequency !== 1) this.#chunks.write(frequency);
  }
  /** After its chunks. */
  endVersion(version: number, frequency: number, held: number): void {
    this.#extend(version, version, held);
    this.#terms.write(lengthOf(frequency) + lengthOf(held) + this.#chunks.size);
    this.#terms.write(frequency);
    this.#terms.write(held);
    this.#terms.copy(this.#chunks.bytes, 0, this.#chunks.size);
    this.#chunks.size = 0;
    this.#chunk = -1;
  }
  /** All versions of a term of another segment as they are, where they begin `shift` later. */
  append({ postings, starts, held, last }: TermSegment["terms"], term: number, shift: number): void {
    const begin = starts[term]!;
    const first = numberAt(postings, begin) - 1;
    this.#extend(first + shift, last[term]! + shift, held[term]!);
    this.#terms.copy(postings, afterNumber(postings, begin), starts[term + 1]!);
  }
  finish(): TermSegment["terms"] {
    const count = this.#term + 1;
    this.#starts[count] = this.#terms.size;
    return {
      hashes: this.#hashes.slice(0, count),
      starts: this.#starts.slice(0, count + 1),
      held: this.#held.slice(0, count),
      last: this.#last.slice(0, count),
      postings: this.#terms.bytes.slice(0, this.#terms.size),
    };
  }
  #extend(first: number, last: number, held: number): void {
    if (this.#isNew) {
      this.#isNew = false;
      this.#term += 1;
      this.#hashes[this.#term] = this.#hash;
      this.#starts[this.#term] = this.#terms.size;
    }
    this.#held[this.#term]! += held;
    this.#last[this.#term] = last;
    this.#terms.write(first - this.#version);
    this.#version = last;
  }
}

class NumberWriter {
  bytes = new Uint8Array(FIRST_BYTES);
  size = 0;

  write(value: number): void {
    if (this.size + MAX_BYTES > this.bytes.length) this.#grow(MAX_BYTES);
    let rest = value;
    for (; rest > ONE_BYTE; rest >>>= BITS) this.bytes[this.size++] = (rest & ONE_BYTE) | (ONE_BYTE + 1);
    this.bytes[this.size++] = rest;
  }
  copy(from: Uint8Array, begin: number, end: number): void {
    if (this.size + end - begin > this.bytes.length) this.#grow(end - begin);
    if (end - begin >= COPIED_FROM) this.bytes.set(from.subarray(begin, end), this.size);
    else for (let at = begin, to = this.size; at < end; at++, to++) this.bytes[to] = from[at]!;
    this.size += end - begin;
  }
  #grow(by: number): void {
    const larger = new Uint8Array(this.bytes.length * 2 + by);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

function lengthOf(value: number): number {
  let length = 1;
  for (let rest = value; rest > ONE_BYTE; rest >>>= BITS) length += 1;
  return length;
}
