import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Filing, SearchIndex } from "#shared/index.ts";
import { mayRead, type SearchScope, scopeOf } from "#shared/principal.ts";
import { dot, unitVector } from "#shared/unit-vector.ts";
import { chunk, everyone, open, principal } from "./search-index-fixtures.ts";

const DIMENSIONS = 4;
const EMBEDDER = "m/4@1";
const place = (...values: number[]): Float32Array => Float32Array.from(values);
const NORTH = place(0, 1, 0, 0);

/** The dense leg: nearest first, in scope only, and never vectors of two embedders together. */
export function vectorContract(openEmpty: () => Promise<SearchIndex>): void {
  describe("vectors", () => {
    let index: SearchIndex;
    beforeEach(async () => {
      index = await openEmpty();
    });
    afterEach(() => index.close());

    const stopped = () => AbortSignal.timeout(20_000);
    async function openDense(id = "dense", embedder = EMBEDDER): Promise<void> {
      const { manifest } = (await index.generations())[0]!;
      await index.createGeneration(id, { ...manifest, embedder, dimensions: String(DIMENSIONS) });
      await index.promoteGeneration(id);
    }
    async function near(values: Float32Array, scope: SearchScope = everyone, limit = 1000) {
      const hits = await index.nearest("dense", { embedder: EMBEDDER, values }, scope, limit, stopped());
      return hits?.map(({ chunk: { id } }) => id);
    }
    /** Gives every chunk without a vector the one of its text. */
    async function embed(vectorOf: (text: string) => Float32Array, limit = 100): Promise<number> {
      const { total, chunks } = await index.withoutVectors("dense", limit);
      const vectors = chunks.map((one) => ({ ...one, values: vectorOf(one.chunk.text) }));
      await index.writeVectors("dense", EMBEDDER, vectors);
      return total;
    }
    const compass = (text: string): Float32Array =>
      ({ north: NORTH, northeast: place(2, 2, 0, 0), east: place(1, 0, 0, 0), south: place(0, -3, 0, 0) })[text]!;

    test("a generation without a dense leg waits for no vector, takes none and finds none by them", async () => {
      const { id } = (await index.generations())[0]!;
      await index.write(open, "v1", [chunk("v1", 0, "north")]);
      expect(await index.withoutVectors(id, 10)).toEqual({ total: 0, chunks: [] });
      const vector = { embedder: EMBEDDER, values: NORTH };
      expect(await index.nearest(id, vector, everyone, 10, stopped())).toBeUndefined();
      expect((await index.search("north", everyone, 10, stopped())).embedder).toBeUndefined();
      const one = { ref: "1", chunk: chunk("v1", 0, "north"), values: NORTH };
      await expect(index.writeVectors(id, EMBEDDER, [one])).rejects.toMatchObject({ code: "conflict" });
    });

    test("text is found before its vector is there, and by its vector as soon as that is written", async () => {
      await openDense();
      const texts = ["south", "north", "east", "northeast"];
      await index.write(
        open,
        "v1",
        texts.map((text, at) => chunk("v1", at * 10, text)),
      );
      const { legs, embedder } = await index.search("north", everyone, 10, stopped());
      expect(legs.lexical!.map(({ chunk: { text } }) => text)).toEqual(["north"]);
      expect(embedder).toBe(EMBEDDER);
      expect(await near(NORTH)).toEqual([]);
      expect(await embed(compass, 3)).toBe(4);
      expect(await near(NORTH)).toHaveLength(3);
      expect(await embed(compass)).toBe(1);
      expect(await embed(compass)).toBe(0);
      expect(await near(NORTH)).toEqual(["v1:10", "v1:30", "v1:20", "v1:0"]);
      expect(await near(NORTH, everyone, 2)).toEqual(["v1:10", "v1:30"]);
    });

    test("page by page every text gets its vector, also what is written or replaced meanwhile", async () => {
      await openDense();
      const content = (id: string, texts: number) =>
        Array.from({ length: texts }, (_, at) => chunk(id, at * 10, "east"));
      await index.write(open, "v0", content("v0", 7));
      expect(await embed(compass, 3)).toBe(7);
      await index.write(open, "v1", content("v1", 2));
      expect(await embed(compass, 3)).toBe(6);
      await index.write(open, "v0", [chunk("v0", 0, "north"), ...content("v0", 7).slice(1)]);
      await index.write(open, "v2", content("v2", 1));
      while ((await embed(compass, 3)) > 0);
      const all = [...content("v0", 7), ...content("v1", 2), ...content("v2", 1)];
      expect((await near(NORTH))!.sort()).toEqual(all.map(({ id }) => id).sort());
      expect((await near(NORTH))![0]).toBe("v0:0");
    });

    test("a score is the cosine, whatever the lengths are", async () => {
      await openDense();
      await index.write(open, "v1", [chunk("v1", 0, "northeast"), chunk("v1", 20, "south")]);
      await embed(compass);
      const vector = { embedder: EMBEDDER, values: place(0, 7, 0, 0) };
      const hits = await index.nearest("dense", vector, everyone, 10, stopped());
      expect(hits!.map(({ score }) => score)).toEqual([expect.closeTo(Math.SQRT1_2, 4), expect.closeTo(-1, 4)]);
      expect(hits![0]!.chunk).toEqual(chunk("v1", 0, "northeast"));
    });

    test("vectors of another embedder or of other dimensions are neither taken nor compared", async () => {
      await openDense();
      await index.write(open, "v1", [chunk("v1", 0, "north")]);
      const { chunks } = await index.withoutVectors("dense", 10);
      const write = (embedder: string, values: Float32Array) =>
        index.writeVectors("dense", embedder, [{ ...chunks[0]!, values }]);
      await expect(write("m/4@2", NORTH)).rejects.toMatchObject({ code: "conflict" });
      await expect(write(EMBEDDER, place(1, 0))).rejects.toMatchObject({ code: "conflict" });
      await embed(compass);
      for (const vector of [
        { embedder: "m/4@2", values: NORTH },
        { embedder: EMBEDDER, values: place(1, 0) },
      ]) {
        expect(await index.nearest("dense", vector, everyone, 10, stopped())).toBeUndefined();
      }
      expect(
        await index.nearest("gone", { embedder: EMBEDDER, values: NORTH }, everyone, 10, stopped()),
      ).toBeUndefined();
    });

    test("what is written again as it was, or refiled, keeps its vectors; new text waits for new ones", async () => {
      await openDense();
      const content = [chunk("v1", 0, "north"), chunk("v1", 10, "east")];
      await index.write(open, "v1", content);
      await embed(compass);
      await index.write(open, "v1", content);
      await index.refile("v1", { ...open, acl: ["user:ann"] });
      expect(await near(NORTH)).toEqual(["v1:0", "v1:10"]);
      expect(await near(NORTH, scopeOf(principal({ subject: "bob" })))).toEqual([]);
      await index.write(open, "v1", [chunk("v1", 0, "south")]);
      expect(await near(NORTH)).toEqual([]);
      expect(await embed(compass)).toBe(1);
      expect(await near(NORTH)).toEqual(["v1:0"]);
    });

    test("a vector that comes after its text was replaced or removed goes nowhere", async () => {
      await openDense();
      await index.write(open, "v1", [chunk("v1", 0, "north")]);
      await index.write(open, "v2", [chunk("v2", 0, "north")]);
      const { chunks } = await index.withoutVectors("dense", 10);
      await index.remove(["v2"]);
      await index.write(open, "v1", [chunk("v1", 0, "south")]);
      await index.write(open, "v3", [chunk("v3", 0, "east")]);
      await index.writeVectors(
        "dense",
        EMBEDDER,
        chunks.map((one) => ({ ...one, values: NORTH })),
      );
      expect(await near(NORTH)).toEqual([]);
      expect(await embed(compass)).toBe(2);
      expect(await near(NORTH)).toEqual(["v3:0", "v1:0"]);
    });

    test("removed versions and dropped generations are not found by their vectors", async () => {
      const { id: first } = (await index.generations())[0]!;
      await openDense();
      for (const id of ["v1", "v2", "v3"]) await index.write(open, id, [chunk(id, 0, "north")]);
      await embed(compass);
      expect((await near(NORTH))!.sort()).toEqual(["v1:0", "v2:0", "v3:0"]);
      await index.remove(["v1"]);
      expect((await near(NORTH))!.sort()).toEqual(["v2:0", "v3:0"]);
      await index.promoteGeneration(first);
      expect((await near(NORTH))!.sort()).toEqual(["v2:0", "v3:0"]);
      await index.dropGeneration("dense");
      expect(await near(NORTH)).toBeUndefined();
    });

    test("finds exactly what a scan of everything readable finds, in its order, for any corpus, rights and history", async () => {
      await openDense();
      await fc.assert(
        fc.asyncProperty(corpus, probe, async (filed, { query, ...asked }) => {
          const versions = filed.map((one, i) => ({ ...one, id: `p${i}` }));
          const vectors = new Map(
            versions.flatMap(({ id, values }) => values.map((value, at) => [`${id} ${at}`, value])),
          );
          for (const { id, filing, values } of versions) {
            await index.write(
              filing,
              id,
              values.map((_, at) => chunk(id, at * 10, `${id} ${at}`)),
            );
          }
          await embed((text) => vectors.get(text)!);
          const scope = scopeOf(principal(asked), asked.collections);
          const readable = versions.filter(({ filing }) => mayRead(scope, filing));
          const expected = readable
            .flatMap(({ id, values }) => values.map((value, at) => [`${id}:${at * 10}`, cosine(query, value)] as const))
            .sort((a, b) => b[1] - a[1]);
          const vector = { embedder: EMBEDDER, values: query };
          const hits = (await index.nearest("dense", vector, scope, 1000, stopped()))!;
          expect(hits.map(({ chunk: { id } }) => id).sort()).toEqual(expected.map(([id]) => id).sort());
          for (const [i, { score }] of hits.entries()) expect(score).toBeCloseTo(expected[i]![1], 3);
          await index.remove(versions.map(({ id }) => id));
        }),
        { numRuns: 20 },
      );
    });
  });
}

const cosine = (a: Float32Array, b: Float32Array): number => dot(unitVector(a), unitVector(b));
const values = fc
  .array(fc.integer({ min: -9, max: 9 }), { minLength: DIMENSIONS, maxLength: DIMENSIONS })
  .filter((numbers) => numbers.some((number) => number !== 0))
  .map((numbers) => Float32Array.from(numbers));
const filing: fc.Arbitrary<Filing> = fc.record({
  tenant: fc.constantFrom("acme", "rival"),
  collection: fc.constantFrom("a", "b"),
  acl: fc.uniqueArray(fc.constantFrom("tenant", "user:ann", "user:bob", "group:x"), { maxLength: 3 }),
});
const corpus = fc.array(fc.record({ filing, values: fc.array(values, { minLength: 1, maxLength: 3 }) }), {
  minLength: 1,
  maxLength: 6,
});
const probe = fc.record({
  query: values,
  tenant: fc.constantFrom("acme", "rival"),
  subject: fc.constantFrom("ann", "bob"),
  groups: fc.subarray(["x"]),
  collections: fc.option(fc.subarray(["a", "b"]), { nil: undefined }),
});
