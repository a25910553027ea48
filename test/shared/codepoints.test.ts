import fc from "fast-check";
import { expect, test } from "vitest";
import { codePointIndex, codePointLength, sliceCodePoints } from "#shared/codepoints.ts";
import { codePoint } from "../helpers/code-points.ts";

const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: codePoint }),
  fc.constant("a\ud800b😀\udc00c"),
);

test("a slice is what an array of the code points gives, whatever the text and the offsets", () => {
  fc.assert(
    fc.property(texts, fc.nat(40), fc.nat(40), (text, start, end) => {
      expect(sliceCodePoints(text, start, end)).toBe(Array.from(text).slice(start, end).join(""));
      expect(codePointLength(text)).toBe(Array.from(text).length);
      expect(codePointIndex(text)(text.length)).toBe(codePointLength(text));
    }),
  );
});

test("a hundred code points of a text of 19 million are cut out without copying it", () => {
  const long = ["😀", "x".repeat(19_000_000)].join("");
  const before = process.memoryUsage().heapUsed;
  expect(sliceCodePoints(long, 0, 100)).toHaveLength(101);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
});
