import fc from "fast-check";
import { expect, test } from "vitest";
import { sseData } from "../../services/gateway/upstreams/sse-parser.ts";
import { collect } from "../helpers/collect.ts";

async function* split(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

const read = (text: string, cuts: readonly number[] = [], max = 1000): Promise<string[]> =>
  collect(sseData(split(Buffer.from(text), cuts), max));

const line = fc.oneof(
  fc.constantFrom("", "", ": comment", "event: x", "id: 1", "data", "data:", "data: [DONE]", "datax: no"),
  fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, "")}`),
);

test("any split of the bytes gives the same events", async () => {
  const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(stream, fc.array(fc.nat(2000), { maxLength: 40 }), async (lines, cuts) => {
      const text = lines.map(([content, end]) => content + end).join("");
      expect(await read(text, cuts)).toEqual(await read(text));
    }),
  );
});

test("data lines are joined, one space is stripped, comments and other fields are skipped", async () => {
  expect(await read("\ufeff: hi\nevent: x\ndata: a\ndata:  b\n\ndata:c\r\n\r\ndata: last")).toEqual([
    "a\n b",
    "c",
    "last",
  ]);
});

test("events come in order whatever ends their lines", async () => {
  expect(await read("data: 1\r\rdata: 2\r\n\r\ndata: 3\n\n")).toEqual(["1", "2", "3"]);
});

test("an event above the cap is refused, however many lines it has", async () => {
  await expect(read(`data: ${"x".repeat(1000)}`)).rejects.toMatchObject({ code: "upstream_failed" });
  await expect(read("data: xxxx\n".repeat(200), [100, 500, 900, 1500])).rejects.toMatchObject({
    code: "upstream_failed",
  });
});
