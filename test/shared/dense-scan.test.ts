import fc from "fast-check";
import { expect, test } from "vitest";
import { createDenseScan } from "#shared/dense-scan.ts";
import { Highest } from "#shared/highest.ts";
import { dot, unitVector } from "#shared/unit-vector.ts";

const number = fc.float({ min: -1, max: 1, noNaN: true });
const vectorOf = (dimensions: number) =>
  fc
    .array(number, { minLength: dimensions, maxLength: dimensions })
    .map((values) => unitVector(Float32Array.from(values)));

test("the nearest rows in the scope are found, for any dimensions, after rows came and went", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }).chain((dimensions) =>
        fc.record({
          dimensions: fc.constant(dimensions),
          rows: fc.array(fc.record({ values: vectorOf(dimensions), scope: fc.nat({ max: 2 }) }), { maxLength: 30 }),
          gone: fc.array(fc.nat({ max: 29 }), { maxLength: 10 }),
          query: vectorOf(dimensions),
          limit: fc.nat({ max: 12 }),
        }),
      ),
      ({ dimensions, rows, gone, query, limit }) => {
        const scan = createDenseScan(dimensions);
        const held: { readonly values: Float32Array; readonly scope: number }[] = [];
        for (const row of rows) {
          scan.add(row.values, row.scope);
          held.push(row);
        }
        for (const row of gone.filter((one) => one < held.length)) {
          if (row >= held.length) continue;
          scan.remove(row);
          const last = held.pop()!;
          if (row < held.length) held[row] = last;
        }
        expect(scan.count).toBe(held.length);
        const found = scan.nearest(query, [1, 0, 1], limit);
        const readable = held.filter(({ scope }) => scope !== 1).map(({ values }) => dot(values, query));
        const best = readable.sort((a, b) => b - a).slice(0, limit);
        expect(found.map(({ score }) => score)).toEqual(best.map((score) => expect.closeTo(score, 3)));
        for (const { row, score } of found) {
          expect(held[row]!.scope).not.toBe(1);
          expect(score).toBeCloseTo(dot(held[row]!.values, query), 3);
        }
      },
    ),
  );
});

test("it grows past its first thousand rows and keeps them", () => {
  const scan = createDenseScan(3);
  for (let i = 0; i < 5000; i++) scan.add(Float32Array.of(i % 2, (i + 1) % 2, 0), i % 10);
  const found = scan.nearest(Float32Array.of(1, 0, 0), [0, 1], 500);
  expect(found.map(({ row }) => row).sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => 10 * i + 1));
});

test("the highest scores are those of a sort", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.nat({ max: 12 }), (scores, limit) => {
      const best = new Highest(limit);
      for (const [position, score] of scores.entries()) best.offer(position, score);
      const found = best.positions.map((position) => scores[position]!).sort((a, b) => b - a);
      expect(found).toEqual(scores.toSorted((a, b) => b - a).slice(0, limit));
      expect(best.least).toBe(limit === 0 ? Number.POSITIVE_INFINITY : (found[limit - 1] ?? Number.NEGATIVE_INFINITY));
    }),
  );
});
