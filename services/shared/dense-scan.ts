import { Highest } from "./highest.ts";

/** `dense-scan.wat`. */
const CODE =
  "AGFzbQEAAAABKQVgAX8Bf2ACf3sAYAR/e3t7AXtgC39/f39/f39/fHx/AX9gA39/fwF9AhABBHNjYW4GbWVtb3J5AgABAwYFAAECAwQGNwh/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfAFEAAAAAAAAAAALfAFEAAAAAAAAAAALfwFBAAsHEgIEc2NhbgADB3Byb2R1Y3QABArzBAUTACMCIwEgAEECdGooAgBqLQAAC2ABAXwgACMATwRADwsgABAARQRADwsgAf0bACAB/RsBaiAB/RsCIAH9GwNqaiMEa7cjAyAAQQJ0aioCALuiIwWiIQIgAiMGZARAIwcgAjkDACMHIAA2AggjB0EQaiQHCwstAQF7IAD9AAQAIQQgAiAEQQT9jQFBD/0P/U4gASAEQQ/9D/1OIAP9kwL9kwIL2AIEAX8CewV/BHsgASQAIAMkASAEJAIgBSQDIAckBCAIJAUgCSQGIAokBwJAA0AgACABTw0BIAAQAEUEQCAAQQFqIQAMAQv9DAAAAAAAAAAAAAAAAAAAAAAhE/0MAAAAAAAAAAAAAAAAAAAAACEU/QwAAAAAAAAAAAAAAAAAAAAAIRX9DAAAAAAAAAAAAAAAAAAAAAAhFiACIAAgBmxqIQ8gDyAGaiEOIA4hECAQIAZqIREgESAGaiESQQAhCwNAIAv9AAQAIQwgC/0ABBAhDSAPIAwgDSATEAIhEyAQIAwgDSAUEAIhFCARIAwgDSAVEAIhFSASIAwgDSAWEAIhFiAPQRBqIQ8gEEEQaiEQIBFBEGohESASQRBqIRIgC0EgaiELIA8gDkkNAAsgACATEAEgAEEBaiAUEAEgAEECaiAVEAEgAEEDaiAWEAEgAEEEaiEADAALCyMHC3QBA3sDQCAA/QAEACEDIAQgA/2nAf36ASAB/QAEAP3mAf3kASEEIAUgA/2oAf36ASAB/QAEEP3mAf3kASEFIABBEGohACABQSBqIQEgASACSQ0ACyAEIAX95AEhBCAE/R8AIAT9HwGSIAT9HwIgBP0fA5KSCw==";
const PAGE_BYTES = 65_536;
/** Rows, and numbers of a row, that are read in one go. */
const ROWS = 4;
const LANES = 32;
/** Of the query's bytes, of a row's numbers of four bits, which are raised above zero, and of those of 16 bits. */
const QUERY_HIGHEST = 127;
const HIGHEST = 7;
const RAISED = 8;
const WHOLE_HIGHEST = 32_767;
/** So many times more than wanted are looked at exactly, and all that rounding may have kept from being among them. */
const RESCORED = 3;
const MIN_RESCORED = 100;
/** Rounding moves a score by more than so many standard deviations once in hundreds of times. */
const DEVIATIONS = 3;
const FIRST_ROWS = 1024;
/** Rows at a time, since what must be beaten rises. */
const BLOCK = 1024;
/** A score of eight bytes, a row of four, and four that are free. */
const FOUND_BYTES = 16;

/** Node has it, its types do not. */
declare const WebAssembly: {
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

/** As `dense-scan.wat` says. */
type Code = {
  scan(
    ...args: [
      ...[row: number, end: number, rows: number, scopes: number, verdicts: number, most: number, stride: number],
      ...[raised: number, step: number, least: number, out: number],
    ]
  ): number;
  product(at: number, query: number, last: number): number;
};

/**
 * Vectors of length 1 as whole numbers. By four bits of each number all are compared, 19 MB for 100,000 of 384
 * dimensions, since a search takes as long as it takes to read them; by 16 bits the best of these are put in order.
 */
export function createDenseScan(dimensions: number) {
  const padded = Math.ceil(dimensions / LANES) * LANES;
  const stride = padded / 2;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(Buffer.from(CODE, "base64"));
  const { scan, product } = new WebAssembly.Instance(module, { scan: { memory } }).exports as Code;
  let capacity = 0;
  let count = 0;
  let scopesSeen = 0;
  /** How far rounding has moved rows, squared, of how many. */
  const moved = { squares: 0, rows: 0 };
  let places = placesOf(padded, capacity);
  let view = viewOf(memory.buffer, places, capacity);

  const reserve = (bytes: number): void => {
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) memory.grow(missing);
    view = viewOf(memory.buffer, places, capacity);
  };
  const grow = (): void => {
    const before = places;
    capacity = Math.max(FIRST_ROWS, capacity * 2);
    places = placesOf(padded, capacity);
    reserve(places.verdicts);
    // Each moves behind where it was, the last one first.
    view.bytes.copyWithin(places.scopes, before.scopes, before.verdicts);
    view.bytes.copyWithin(places.most, before.most, before.scopes);
    view.bytes.copyWithin(places.wholes, before.wholes, before.most);
  };
  /** For both ways to compare. Returns what one step of the bytes stands for, and what they come to. */
  const putQuery = (values: Float32Array): { step: number; sum: number } => {
    const step = mostOf(values) / QUERY_HIGHEST || 1;
    let sum = 0;
    for (let i = 0; i < dimensions; i++) {
      const byte = Math.round(values[i]! / step);
      view.bytes[i] = byte;
      sum += byte;
    }
    view.query.set(values);
    return { step, sum };
  };
  const putVerdicts = (may: readonly number[]): void => {
    if (places.verdicts + scopesSeen > memory.buffer.byteLength) reserve(places.verdicts + scopesSeen);
    for (let scope = 0; scope < scopesSeen; scope++) view.bytes[places.verdicts + scope] = may[scope] ?? 0;
  };
  const putRow = (row: number, values: Float32Array): void => {
    const most = mostOf(values) || 1;
    const [at, whole] = [places.rows + row * stride, row * padded];
    moved.rows += 1;
    view.bytes.fill(0, at, at + stride);
    for (let i = 0; i < dimensions; i++) {
      const number = Math.round((values[i]! * HIGHEST) / most);
      moved.squares += ((number * most) / HIGHEST - values[i]!) ** 2;
      // The first 16 of 32 in the lower halves of 16 bytes, the others in the upper ones.
      const byte = at + (i >> 5) * 16 + (i & 15);
      view.bytes[byte]! |= (number + RAISED) << ((i & 16) >> 2);
      view.wholes[whole + i] = Math.round((values[i]! * WHOLE_HIGHEST) / most);
    }
    view.most[row] = most;
  };
  const cosineAt = (row: number): number =>
    (product(places.wholes + row * padded * 2, places.query, places.query + padded * 4) * view.most[row]!) /
    WHOLE_HIGHEST;

  return {
    get count(): number {
      return count;
    },
    /** Its row is the last one. `scope` is the number of who may read it. */
    add(values: Float32Array, scope: number): void {
      if (count === capacity) grow();
      view.scopes[count] = scope;
      scopesSeen = Math.max(scopesSeen, scope + 1);
      putRow(count, values);
      count += 1;
    },
    /** The last row takes its place. */
    remove(row: number): void {
      count -= 1;
      if (row === count) return;
      const last = places.rows + count * stride;
      view.bytes.copyWithin(places.rows + row * stride, last, last + stride);
      view.wholes.copyWithin(row * padded, count * padded, (count + 1) * padded);
      view.most[row] = view.most[count]!;
      view.scopes[row] = view.scopes[count]!;
    },
    /** The nearest `limit` rows to a vector of length 1 by cosine, best first, whose scope has a 1 in `may`. */
    nearest(query: Float32Array, may: readonly number[], limit: number): { row: number; score: number }[] {
      if (count === 0 || limit === 0) return [];
      const best = new Highest(Math.max(MIN_RESCORED, limit * RESCORED));
      const margin = DEVIATIONS * Math.sqrt(moved.squares / moved.rows / dimensions);
      putVerdicts(may);
      const { step, sum } = putQuery(query);
      const { found, rows, scopes, verdicts, most } = places;
      const [near, scores]: [number[], number[]] = [[], []];
      for (let row = 0; row < count; row += BLOCK) {
        const block: [number, number] = [row, Math.min(count, row + BLOCK)];
        const scaled: [number, number] = [sum * RAISED, step / HIGHEST];
        const end = scan(...block, rows, scopes, verdicts, most, stride, ...scaled, best.least - margin, found);
        for (let i = 0; i < (end - found) / FOUND_BYTES; i++) {
          const [one, score] = [view.foundRows[i * 4 + 2]!, view.found[i * 2]!];
          best.offer(one, score);
          near.push(one);
          scores.push(score);
        }
      }
      const compared = near.filter((_, i) => scores[i]! >= best.least - margin);
      const exact = compared.map((row) => ({ row, score: cosineAt(row) }));
      return exact.sort((a, b) => b.score - a.score).slice(0, limit);
    },
  };
}

export type DenseScan = ReturnType<typeof createDenseScan>;
type Places = ReturnType<typeof placesOf>;

/**
 * What stands where in the memory: the query as bytes and as floats, what a block finds; the rows as numbers of four
 * bits, four of which are read at a time, and of 16 bits, the most of each and who may read it; who may be read.
 */
function placesOf(padded: number, capacity: number) {
  const query = padded;
  const found = query + padded * Float32Array.BYTES_PER_ELEMENT;
  const rows = found + BLOCK * FOUND_BYTES;
  const wholes = rows + ((capacity + ROWS - 1) * padded) / 2;
  const most = wholes + capacity * padded * Int16Array.BYTES_PER_ELEMENT;
  const scopes = most + capacity * Float32Array.BYTES_PER_ELEMENT;
  return { query, found, rows, wholes, most, scopes, verdicts: scopes + capacity * Uint32Array.BYTES_PER_ELEMENT };
}

/** Good until the memory grows. */
function viewOf(buffer: ArrayBuffer, { query, found, wholes, most, scopes }: Places, capacity: number) {
  return {
    bytes: new Int8Array(buffer),
    query: new Float32Array(buffer, query, query),
    found: new Float64Array(buffer, found, (BLOCK * FOUND_BYTES) / Float64Array.BYTES_PER_ELEMENT),
    foundRows: new Uint32Array(buffer, found, (BLOCK * FOUND_BYTES) / Uint32Array.BYTES_PER_ELEMENT),
    wholes: new Int16Array(buffer, wholes, capacity * query),
    most: new Float32Array(buffer, most, capacity),
    scopes: new Uint32Array(buffer, scopes, capacity),
  };
}

function mostOf(values: Float32Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
