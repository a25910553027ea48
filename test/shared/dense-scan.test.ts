import fc from "fast-check";
import { expect, test } from "vitest";
import { createDenseScan } from "#shared/dense-scan.ts";
import { highest } from "#shared/highest.ts";
import { dot, unitVector } from "#shared/unit-vector.ts";

const number = fc.float({ min: -1, max: 1, noNaN: true });
const vectorOf = (dimensions: number) =>
  fc
    .array(number, { minLength: dimensions, maxLength: dimensions })
    .map((values) => unitVector(Float32Array.from(values)));

test("scores are near to the cosines, for any dimensions, after rows came and went", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }).chain((dimensions) =>
        fc.record({
          dimensions: fc.constant(dimensions),
          rows: fc.array(vectorOf(dimensions), { maxLength: 30 }),
          gone: fc.array(fc.nat({ max: 29 }), { maxLength: 10 }),
          query: vectorOf(dimensions),
        }),
      ),
      ({ dimensions, rows, gone, query }) => {
        const scan = createDenseScan(dimensions);
        const held: Float32Array[] = [];
        for (const row of rows) {
          scan.add(row);
          held.push(row);
        }
        for (const row of gone.filter((one) => one < held.length)) {
          if (row >= held.length) continue;
          scan.remove(row);
          const last = held.pop()!;
          if (row < held.length) held[row] = last;
        }
        expect(scan.count).toBe(held.length);
        const scores = scan.scores(query);
        for (const [i, row] of held.entries()) expect(Math.abs(scores[i]! - dot(row, query))).toBeLessThan(0.03);
      },
    ),
  );
});

test("it grows past its first thousand rows and keeps them", () => {
  const scan = createDenseScan(3);
  for (let i = 0; i < 5000; i++) scan.add(Float32Array.of(i % 2, (i + 1) % 2, 0));
  const scores = scan.scores(Float32Array.of(1, 0, 0));
  expect(scores[0]).toBeCloseTo(0);
  expect(scores[4999]).toBeCloseTo(1);
});

test("the highest scores that may be taken are those of a sort", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.nat({ max: 12 }), (scores, limit) => {
      const may = (position: number): boolean => position % 3 !== 0;
      const found = highest(Float32Array.from(scores), limit, may).map((position) => scores[position]);
      const sorted = scores.filter((_, position) => may(position)).sort((a, b) => b - a);
      expect(found.sort((a, b) => b! - a!)).toEqual(sorted.slice(0, limit));
    }),
  );
});
