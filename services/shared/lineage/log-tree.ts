import { EMPTY_ROOT, type Hash, isPowerOfTwo, nodeHash, rootOf } from "./merkle.ts";

/** Hashes a tile, as in C2SP's tlog-tiles: eight levels of the tree are read and written together. */
export const TILE_WIDTH = 256;

/** The hashes of a tile, fewer at the right edge. Tile level 0 has leaf hashes, each level above the roots of full tiles. */
export type ReadTile = (level: number, position: number) => Promise<readonly Hash[]>;

/** Proofs and roots of a tree that is kept in tiles; none reads more than a few tiles a level. */
export function logTree(readTile: ReadTile) {
  /** The root over the leaves `[start, end)`, where `start` is where the tree would be split. */
  async function rangeRoot(start: number, end: number): Promise<Hash> {
    const count = end - start;
    if (count === 0) return EMPTY_ROOT;
    if (isPowerOfTwo(count)) return subtreeRoot(start, count);
    const split = splitOf(count);
    const [left, right] = [await rangeRoot(start, start + split), await rangeRoot(start + split, end)];
    return nodeHash(left, right);
  }

  /** The root of a full subtree, out of one tile. */
  async function subtreeRoot(start: number, count: number): Promise<Hash> {
    let [level, unit] = [0, 1];
    while (count / unit >= TILE_WIDTH) [level, unit] = [level + 1, unit * TILE_WIDTH];
    const [first, width] = [start / unit, count / unit];
    const position = Math.floor(first / TILE_WIDTH);
    const hashes = await readTile(level, position);
    const at = first - position * TILE_WIDTH;
    if (hashes.length < at + width) throw new Error(`The log lacks hashes of its tile ${level}/${position}.`);
    return rootOf(hashes.slice(at, at + width));
  }

  /** PATH of RFC 9162, 2.1.3.1. */
  async function inclusion(index: number, start: number, end: number): Promise<Hash[]> {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    if (index < middle) return [...(await inclusion(index, start, middle)), await rangeRoot(middle, end)];
    return [...(await inclusion(index, middle, end)), await rangeRoot(start, middle)];
  }

  /** SUBPROOF of RFC 9162, 2.1.4.1. */
  async function consistency(older: number, start: number, end: number, known: boolean): Promise<Hash[]> {
    if (older === end) return known ? [] : [await rangeRoot(start, end)];
    const middle = start + splitOf(end - start);
    if (older <= middle) return [...(await consistency(older, start, middle, known)), await rangeRoot(middle, end)];
    return [...(await consistency(older, middle, end, false)), await rangeRoot(start, middle)];
  }

  return {
    root: (size: number): Promise<Hash> => rangeRoot(0, size),
    inclusion: (index: number, size: number): Promise<Hash[]> => inclusion(index, 0, size),
    /** Needs `0 < older <= newer`. */
    consistency: (older: number, newer: number): Promise<Hash[]> => consistency(older, 0, newer, true),
  };
}

/** The largest power of two below `count`. */
const splitOf = (count: number): number => 2 ** Math.ceil(Math.log2(count) - 1);
