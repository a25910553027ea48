import type { StatementSync } from "node:sqlite";
import { createDenseScan, type DenseScan } from "./dense-scan.ts";
import type { Filter } from "./scope-terms.ts";
import { createScopeVerdicts, type ScopeVerdicts } from "./scope-verdicts.ts";
import { logBounds } from "./sqlite-log-bounds.ts";
import { fromBlob } from "./sqlite-vectors.ts";

const MAX_COPIES = 2;
/** Vectors that are read at a time: some ten milliseconds. */
const PAGE = 1000;

type Row = { readonly seq: number; readonly chunk: number; readonly data: Uint8Array; readonly scope: string };
/** A generation's vectors in memory, up to what of the tables it has seen. */
type Copy = {
  readonly dimensions: number;
  readonly scan: DenseScan;
  readonly seqs: number[];
  readonly chunks: number[];
  readonly scopes: ScopeVerdicts;
  readonly rowOf: Map<number, number>;
  seen: number;
  gone: number;
};

export type Near = { readonly chunk: number; readonly score: number };

/**
 * The dense leg of the embedded engine: every vector that the caller may read is compared, so a filter costs no hit. A
 * copy of the vectors in memory follows the tables, and is as they are in the snapshot that it is asked in.
 */
export function openNearest(sql: (text: string) => StatementSync) {
  const copies = new Map<number, Copy>();

  const read = (generation: number, after: number, limit: number): Row[] =>
    sql(
      `select v.seq, v.chunk, v.data, n.scope from vector v join chunk c on c.rowid = v.chunk
       join version n on n.generation = c.generation and n.id = c.version_id
       where v.generation = ? and v.seq > ? order by v.seq limit ?`,
    ).all(generation, after, limit) as Row[];

  const opened = (generation: number, dimensions: number): Copy => {
    const { first, last } = logBounds(sql, "vector_gone");
    const known = copies.get(generation);
    const follows = known && (last === known.gone || first <= known.gone + 1);
    const copy = follows ? known : emptyCopy(dimensions, last);
    // The one asked last is the last to go: there is a live one, and perhaps one that replays still ask.
    copies.delete(generation);
    copies.set(generation, copy);
    for (const one of copies.keys()) if (copies.size > MAX_COPIES) copies.delete(one);
    if (copy.gone < last) {
      const gone = sql("select vector from vector_gone where seq > ?").all(copy.gone) as { vector: number }[];
      for (const { vector } of gone) remove(copy, vector);
      copy.gone = last;
    }
    return copy;
  };
  /** Returns whether there are more. */
  const readPage = (generation: number, copy: Copy): boolean => {
    const rows = read(generation, copy.seen, PAGE);
    for (const row of rows) add(copy, row);
    return rows.length === PAGE;
  };
  const copyOf = (generation: number, dimensions: number): Copy => {
    const copy = opened(generation, dimensions);
    while (readPage(generation, copy));
    return copy;
  };

  return {
    /** Takes over what has been written, which the next search then need not wait for. `held`: generations that are left. */
    follow(held: ReadonlySet<number>): void {
      for (const [generation, { dimensions }] of [...copies]) {
        if (held.has(generation)) copyOf(generation, dimensions);
        else copies.delete(generation);
      }
    },
    /** Reads some of what a generation has, so that no search need wait for it. Returns whether there is more to do. */
    warm: (generation: number, dimensions: number): boolean => readPage(generation, opened(generation, dimensions)),
    /** The best `limit` of a generation by cosine. */
    search(generation: number, query: Float32Array, filter: Filter, limit: number): Near[] {
      const copy = copyOf(generation, query.length);
      const near = copy.scan.nearest(query, copy.scopes.of(filter), limit);
      return near.map(({ row, score }) => ({ chunk: copy.chunks[row]!, score }));
    },
  };
}

function emptyCopy(dimensions: number, gone: number): Copy {
  const scan = createDenseScan(dimensions);
  return { dimensions, scan, seqs: [], chunks: [], scopes: createScopeVerdicts(), rowOf: new Map(), seen: 0, gone };
}

function add(copy: Copy, { seq, chunk, data, scope }: Row): void {
  copy.rowOf.set(seq, copy.scan.count);
  copy.seqs.push(seq);
  copy.chunks.push(chunk);
  copy.scan.add(fromBlob(data), copy.scopes.numberOf(scope));
  copy.seen = seq;
}

function remove(copy: Copy, seq: number): void {
  const row = copy.rowOf.get(seq);
  if (row === undefined) return;
  copy.rowOf.delete(seq);
  copy.scan.remove(row);
  for (const list of [copy.seqs, copy.chunks]) {
    const last = list.pop()!;
    if (row < list.length) list[row] = last;
  }
  if (row < copy.seqs.length) copy.rowOf.set(copy.seqs[row]!, row);
}
