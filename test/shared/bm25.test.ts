import { expect, test } from "vitest";
import { bm25, inverseDocumentFrequency, normalisedFrequency } from "#shared/bm25.ts";

test("a word of one text in three is worth ln(1 + 2.5 / 1.5)", () => {
  expect(inverseDocumentFrequency(3, 1)).toBeCloseTo(0.980829, 6);
});

test("the rarer a word, the more it is worth, and one that every text has still counts", () => {
  const worth = [0, 1, 50, 100].map((held) => inverseDocumentFrequency(100, held));
  expect(worth).toEqual(worth.toSorted((a, b) => b - a));
  expect(worth.at(-1)).toBeCloseTo(0.004963, 6);
});

test("in a text of average length a frequency is what was counted", () => {
  expect(normalisedFrequency(3, 10, 10)).toBe(3);
});

test("a text twice as long needs 1.75 times as many, one half as long 0.625 times", () => {
  expect(normalisedFrequency(7, 20, 10)).toBeCloseTo(4, 12);
  expect(normalisedFrequency(5, 5, 10)).toBeCloseTo(8, 12);
});

test("what does not occur scores nothing, even where there is no text to be average", () => {
  expect(normalisedFrequency(0, 0, 0)).toBe(0);
  expect(bm25(2, 0)).toBe(0);
});

test("the first occurrence scores the idf, two 1.375 times, and no number reaches 2.2 times", () => {
  expect(bm25(2, 1)).toBeCloseTo(2, 12);
  expect(bm25(2, 2)).toBeCloseTo(2.75, 12);
  expect(bm25(2, 1e6)).toBeLessThan(4.4);
  expect(bm25(2, 1e6)).toBeCloseTo(4.4, 4);
});

test("a small collection is scored as by hand", () => {
  // Three texts of 2, 4 and 6 words; "pod" twice in the second and once in the third.
  const idf = inverseDocumentFrequency(3, 2);
  expect(idf).toBeCloseTo(0.470004, 6); // ln 1.6
  expect(bm25(idf, normalisedFrequency(2, 4, 4))).toBeCloseTo(0.646255, 6); // idf × 2 × 2.2 / (2 + 1.2)
  expect(bm25(idf, normalisedFrequency(1, 6, 4))).toBeCloseTo(0.390192, 6); // idf × 2.2 / (1 + 1.2 × 1.375)
});
