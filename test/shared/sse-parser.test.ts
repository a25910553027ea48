import fc from "fast-check";
import { expect, test } from "vitest";
import { createSseParser } from "#shared/sse-parser.ts";
import { computingMs } from "../helpers/computing-ms.ts";

function read(text: string, cuts: readonly number[] = [], max = 1000): string[] {
  const bytes = Buffer.from(text);
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const events: string[] = [];
  const parser = createSseParser(max, (data) => events.push(data));
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    parser.push(bytes.subarray(start, end));
    start = end;
  }
  parser.end();
  return events;
}

const line = fc.oneof(
  fc.constantFrom("", "", ": comment", "event: x", "id: 1", "data", "data:", "data: [DONE]", "datax: no"),
  fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, "")}`),
);

test("any split of the bytes gives the same events", () => {
  const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 30 });
  fc.assert(
    fc.property(stream, fc.array(fc.nat(2000), { maxLength: 40 }), (lines, cuts) => {
      const text = lines.map(([content, end]) => content + end).join("");
      expect(read(text, cuts)).toEqual(read(text));
    }),
  );
});

test("data lines are joined, one space is stripped, comments and other fields are skipped", () => {
  expect(read("\ufeff: hi\nevent: x\ndata: a\ndata:  b\n\ndata:c\r\n\r\ndata: last")).toEqual(["a\n b", "c", "last"]);
});

test("events come in order whatever ends their lines", () => {
  expect(read("data: 1\r\rdata: 2\r\n\r\ndata: 3\n\n")).toEqual(["1", "2", "3"]);
});

test("an event above the cap is refused, however many lines it has", () => {
  const refusal = expect.objectContaining({ code: "upstream_failed" });
  expect(() => read(`data: ${"x".repeat(1000)}`)).toThrow(refusal);
  expect(() => read("data: xxxx\n".repeat(300), [100, 500, 900, 1500])).toThrow(refusal);
});

test("a long line that comes byte by byte costs no more than its length", () => {
  const text = `data: ${"x".repeat(300_000)}\n\n`;
  const started = computingMs();
  const every = Array.from({ length: text.length }, (_, at) => at);
  expect(read(text, every, 1_000_000)).toEqual(["x".repeat(300_000)]);
  expect(computingMs() - started).toBeLessThan(5_000);
});
