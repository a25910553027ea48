import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeIn } from "#shared/places.ts";
import { chunkDocument } from "../../ingest/chunk/chunk.ts";
import { parse } from "../../ingest/parse/parse.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("The place of a quote", () => {
  it("is the line of the file, whatever is cut where", async () => {
    const line = fc.oneof(
      fc.constant(""),
      fc.string({ unit: "grapheme-ascii", maxLength: 60 }),
      fc.constant("word ".repeat(90)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 120 }), async (lines) => {
        const marked = lines.map((text, i) => (text.trim() === "" ? "" : `mark${i + 1} ${text.trim()}`));
        if (marked.every((text) => text === "")) return;
        const passages = chunkDocument(await parse({ bytes: bytesOf(marked.join("\n")), name: "a.txt" }));
        for (const { text, places } of passages) {
          for (const { 0: mark, 1: number, index } of text.matchAll(/^mark(\d+)/gm)) {
            const at = { unit: "line", from: Number(number), to: Number(number) };
            expect(placeIn(places!, text, index, index + mark.length)).toEqual(at);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is the row of a table, over empty rows and line breaks inside cells", async () => {
    const csv = bytesOf('name,size\nalpha,1\n\n"be\nta",2\n,\ngamma,3\n');
    const [passage] = chunkDocument(await parse({ bytes: csv, name: "a.csv" }));
    const rowOf = (word: string) => {
      const index = passage!.text.indexOf(word);
      return placeIn(passage!.places!, passage!.text, index, index + word.length).from;
    };
    expect(["alpha", "be ta", "gamma"].map(rowOf)).toEqual([2, 4, 6]);
  });
});
