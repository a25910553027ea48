import fc from "fast-check";
import { expect, test } from "vitest";
import { logTree, TILE_WIDTH } from "#shared/lineage/log-tree.ts";
import { EMPTY_ROOT, type Hash, isConsistent, leafHash, rootFromInclusion, rootOf } from "#shared/lineage/merkle.ts";

/** The reference vectors of Certificate Transparency, used by every implementation of RFC 6962 and RFC 9162. */
const INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
/** [index, size, path] */
const INCLUSIONS: [number, number, string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  ],
  [
    5,
    8,
    [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  ],
  [2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]],
  [
    1,
    5,
    [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  ],
];
/** [older, newer, proof] */
const CONSISTENCIES: [number, number, string[]][] = [
  [1, 1, []],
  [
    1,
    8,
    [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  ],
  [
    6,
    8,
    [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  ],
  [
    2,
    5,
    [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  ],
];

const hex = (hashes: readonly Hash[]): string[] => hashes.map((hash) => hash.toString("hex"));
const leaves = (count: number): Hash[] => Array.from({ length: count }, (_, i) => leafHash(`leaf ${i}`));

/** The tree of these leaves, kept in tiles. */
function treeOf(hashes: readonly Hash[]) {
  const levels: (readonly Hash[])[] = [hashes];
  for (let level = hashes; level.length >= TILE_WIDTH; ) {
    const full = Math.floor(level.length / TILE_WIDTH);
    level = Array.from({ length: full }, (_, i) => rootOf(level.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH)));
    levels.push(level);
  }
  return logTree(
    async (level, position) => levels[level]?.slice(position * TILE_WIDTH, (position + 1) * TILE_WIDTH) ?? [],
  );
}

test("roots, inclusion and consistency proofs are the published ones", async () => {
  const vector = INPUTS.map((input) => leafHash(Buffer.from(input, "hex")));
  const tree = treeOf(vector);
  expect(EMPTY_ROOT.toString("hex")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (const [i, root] of ROOTS.entries()) {
    expect(rootOf(vector.slice(0, i + 1)).toString("hex")).toBe(root);
    expect((await tree.root(i + 1)).toString("hex")).toBe(root);
  }
  for (const [index, size, path] of INCLUSIONS) {
    expect(hex(await tree.inclusion(index, size))).toEqual(path);
    const proof = path.map((hash) => Buffer.from(hash, "hex"));
    expect(rootFromInclusion(vector[index]!, index, size, proof)!.toString("hex")).toBe(ROOTS[size - 1]);
  }
  for (const [older, newer, proof] of CONSISTENCIES) {
    expect(hex(await tree.consistency(older, newer))).toEqual(proof);
  }
});

test("every proof of a tree in tiles holds, and holds for nothing else", async () => {
  const hashes = leaves(70_000);
  const tree = treeOf(hashes);
  const size = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 65_000, max: 70_000 }));
  await fc.assert(
    fc.asyncProperty(size, size, fc.nat(), async (a, b, pick) => {
      const [older, newer] = [Math.min(a, b), Math.max(a, b)];
      const index = pick % newer;
      const [oldRoot, root] = [await tree.root(older), await tree.root(newer)];
      expect(oldRoot.equals(rootOf(hashes.slice(0, older)))).toBe(true);
      const path = await tree.inclusion(index, newer);
      expect(rootFromInclusion(hashes[index]!, index, newer, path)!.equals(root)).toBe(true);
      for (const wrong of [
        rootFromInclusion(leafHash("another"), index, newer, path),
        rootFromInclusion(hashes[index]!, (index + 1) % (newer + 1), newer, path),
        rootFromInclusion(hashes[index]!, index, newer, [...path, root]),
        ...(path.length > 0 ? [rootFromInclusion(hashes[index]!, index, newer, path.slice(1))] : []),
      ]) {
        expect(wrong?.equals(root) ?? false).toBe(false);
      }
      const proof = await tree.consistency(older, newer);
      expect(isConsistent({ size: older, root: oldRoot }, { size: newer, root }, proof)).toBe(true);
      expect(isConsistent({ size: older, root: leafHash("x") }, { size: newer, root }, proof)).toBe(false);
      expect(isConsistent({ size: older, root: oldRoot }, { size: newer, root: leafHash("x") }, proof)).toBe(false);
      expect(isConsistent({ size: older, root: oldRoot }, { size: newer, root }, [...proof, root])).toBe(false);
    }),
    { numRuns: 25 },
  );
});

test("two heads of one size agree only when they are one", () => {
  const [one, other] = [rootOf(leaves(5)), rootOf(leaves(5).reverse())];
  expect(isConsistent({ size: 5, root: one }, { size: 5, root: one }, [])).toBe(true);
  expect(isConsistent({ size: 5, root: one }, { size: 5, root: other }, [])).toBe(false);
  expect(isConsistent({ size: 5, root: one }, { size: 4, root: rootOf(leaves(4)) }, [])).toBe(false);
});
