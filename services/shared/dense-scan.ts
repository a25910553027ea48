import { Highest } from "./highest.ts";

/** `dense-scan.wat`. */
const CODE =
  "AGFzbQEAAAABCQFgBX9/f39/AAIQAQRzY2FuBm1lbW9yeQIAAQMCAQAHCAEEc2NhbgAACtsBAdgBAgN/A3sgBCACQQJ0aiEFAkADQCAEIAVPDQH9DAAAAAAAAAAAAAAAAAAAAAAhCf0MAAAAAAAAAAAAAAAAAAAAACEKIAEgA2ohB0EAIQYDQCAAIAZq/QAEACEIIAEgBmr9AAQAIAggCf2TAiEJIAcgBmr9AAQAIAggCv2TAiEKIAZBEGohBiAGIANJDQALIAQgCf0bACAJ/RsBaiAJ/RsCIAn9GwNqajYCACAEIAr9GwAgCv0bAWogCv0bAiAK/RsDamo2AgQgByADaiEBIARBCGohBAwACwsL";
const PAGE_BYTES = 65_536;
const LANES = 16;
/** What a whole number of a row is made of: the byte that all are compared by, times this, and a byte that is added. */
const FINE = 256;
/** Of a row's compared bytes, and of the query's, which are raised above zero. */
const HIGHEST = 127;
const QUERY_HIGHEST = 63;
const RAISED = 64;
/** So many times more than wanted are looked at exactly: rounding to a byte moves ranks a little. */
const RESCORED = 3;
const MIN_RESCORED = 100;
const FIRST_ROWS = 1024;

/** Node has it, its types do not. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

type Scan = (query: number, row: number, rows: number, stride: number, out: number) => void;

/**
 * Vectors of length 1 as whole numbers of two bytes. By the first of them all are compared, 38 MB for 100,000 of 384
 * dimensions, which are read through in milliseconds; with the second the best of these are put in order.
 */
export function createDenseScan(dimensions: number) {
  const stride = Math.ceil(dimensions / LANES) * LANES;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(Buffer.from(CODE, "base64"));
  const scan = new WebAssembly.Instance(module, { scan: { memory } }).exports.scan as Scan;
  let capacity = 0;
  let count = 0;
  let steps = new Float64Array(0);
  let fine = new Int8Array(0);
  let sums = new Int32Array(0);
  let scopes = new Uint32Array(0);

  const rowAt = (row: number): number => stride * (row + 1);
  const grow = (): void => {
    capacity = Math.max(FIRST_ROWS, capacity * 2);
    // Rows are read two at a time: there may be one too many.
    const bytes = rowAt(capacity + 1) + (capacity + 1) * 4;
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) memory.grow(missing);
    steps = larger(steps, new Float64Array(capacity));
    fine = larger(fine, new Int8Array(capacity * dimensions));
    sums = larger(sums, new Int32Array(capacity));
    scopes = larger(scopes, new Uint32Array(capacity));
  };
  /** As bytes above zero, for the instruction that multiplies. Returns what one step stands for. */
  const putQuery = (values: Float32Array): number => {
    const step = mostOf(values) / QUERY_HIGHEST || 1;
    const bytes = new Uint8Array(memory.buffer, 0, stride);
    for (let i = 0; i < dimensions; i++) bytes[i] = Math.round(values[i]! / step) + RAISED;
    return step;
  };
  const putRow = (row: number, values: Float32Array): void => {
    const step = mostOf(values) / (HIGHEST * FINE) || 1;
    const bytes = new Int8Array(memory.buffer, rowAt(row), stride);
    let sum = 0;
    for (let i = 0; i < dimensions; i++) {
      const whole = Math.round(values[i]! / step);
      const coarse = Math.round(whole / FINE);
      bytes[i] = coarse;
      fine[row * dimensions + i] = whole - coarse * FINE;
      sum += coarse;
    }
    steps[row] = step;
    sums[row] = sum;
  };
  const cosine = (query: Float32Array, row: number): number => {
    const bytes = new Int8Array(memory.buffer, rowAt(row), stride);
    const at = row * dimensions;
    let sum = 0;
    for (let i = 0; i < dimensions; i++) sum += query[i]! * (bytes[i]! * FINE + fine[at + i]!);
    return sum * steps[row]!;
  };

  return {
    get count(): number {
      return count;
    },
    /** Its row is the last one. `scope` is the number of who may read it. */
    add(values: Float32Array, scope: number): void {
      if (count === capacity) grow();
      scopes[count] = scope;
      putRow(count, values);
      count += 1;
    },
    /** The last row takes its place. */
    remove(row: number): void {
      count -= 1;
      if (row === count) return;
      new Uint8Array(memory.buffer).copyWithin(rowAt(row), rowAt(count), rowAt(count) + stride);
      fine.copyWithin(row * dimensions, count * dimensions, (count + 1) * dimensions);
      steps[row] = steps[count]!;
      sums[row] = sums[count]!;
      scopes[row] = scopes[count]!;
    },
    /** The nearest `limit` rows to a vector of length 1 by cosine, best first, whose scope has a 1 in `may`. */
    nearest(query: Float32Array, may: readonly number[], limit: number): { row: number; score: number }[] {
      if (count === 0 || limit === 0) return [];
      const best = new Highest(Math.max(MIN_RESCORED, limit * RESCORED));
      const step = putQuery(query) * FINE;
      const out = rowAt(capacity);
      const products = new Int32Array(memory.buffer, out, count);
      let { least } = best;
      // Chunks of one document stand side by side, and may be found or not together.
      for (let row = 0, end = 0; row < count; row = end + 1) {
        for (end = row; end < count && may[scopes[end]!] === 1; ) end += 1;
        if (end > row) scan(0, rowAt(row), end - row, stride, out + row * 4);
        for (; row < end; row++) {
          const score = (products[row]! - RAISED * sums[row]!) * steps[row]! * step;
          if (score <= least) continue;
          best.offer(row, score);
          least = best.least;
        }
      }
      const near = best.positions.map((row) => ({ row, score: cosine(query, row) }));
      return near.sort((a, b) => b.score - a.score).slice(0, limit);
    },
  };
}

export type DenseScan = ReturnType<typeof createDenseScan>;

function mostOf(values: Float32Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

function larger<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
