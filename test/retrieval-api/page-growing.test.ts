import fc from "fast-check";
import { expect, test } from "vitest";
import type { Block } from "../../services/retrieval-api/page/markdown/block.ts";
import { growingAnswer, sameSection } from "../../services/retrieval-api/page/markdown/growing-answer.ts";
import { markCitations } from "../../services/retrieval-api/page/markdown/mark-citations.ts";
import { parseBlocks } from "../../services/retrieval-api/page/markdown/parse-blocks.ts";
import { splitBlock, weightOf } from "../../services/retrieval-api/page/markdown/split-block.ts";

const MOST = 6000;
const sentence = "Green tea is steeped at 80 degrees for two minutes. [1] ";
/** Each long enough to be drawn in pieces, and what it is made of when it is taken apart. */
const LONG: [name: string, text: string, type: Block["type"]][] = [
  ["a paragraph", sentence.repeat(300), "paragraph"],
  ["a paragraph without a blank", "字".repeat(20_000), "paragraph"],
  ["code", `\`\`\`ts\n${"const degrees = 80;\n".repeat(1000)}\`\`\``, "code"],
  ["a line of code", `\`\`\`\n${"😀x".repeat(9000)}\n\`\`\``, "code"],
  ["a table", `| a | b |\n|---|---|\n${"| tea | 80 |\n".repeat(800)}`, "table"],
  ["a list", "1. Steep it.\n".repeat(1000), "list"],
  ["an item with a list", `- top\n${"  - in\n".repeat(2000)}`, "list"],
  ["a quotation", `> ${sentence}\n>\n`.repeat(200), "quote"],
];
const wordsOf = (blocks: readonly Block[]): string =>
  blocks
    .map((block) => {
      if (block.type === "quote") return wordsOf(block.blocks);
      if (block.type === "list") return block.items.map(wordsOf).join("");
      if (block.type === "table") return block.rows.flat().join("");
      return block.type === "rule" ? "" : block.text;
    })
    .join("")
    .replaceAll(/\s/g, "");

test.each(LONG)("%s of any length is drawn in small pieces, and no word is lost", (_, text, type) => {
  const [whole, ...others] = parseBlocks(text) as [Block];
  const pieces = splitBlock(whole);
  expect(others).toEqual([]);
  expect(new Set(pieces.map((piece) => piece.type))).toEqual(new Set([type]));
  expect(pieces.map(({ part }) => part)).toEqual(["first", ...pieces.slice(2).map(() => "middle"), "last"]);
  expect(Math.max(...pieces.map(weightOf))).toBeLessThan(MOST);
  expect(wordsOf(pieces)).toBe(wordsOf([whole]));
  for (const piece of pieces) expect(piece.raw.isWellFormed()).toBe(true);
});

test("a list in pieces counts on, and an item that is cut does not count twice", () => {
  const [list] = parseBlocks(
    `${"1. Steep it.\n".repeat(500)}501. Pour it.\n${"   - into a cup\n".repeat(900)}502. Drink it.`,
  );
  const pieces = splitBlock(list!) as Extract<Block, { type: "list" }>[];
  const counted = pieces.flatMap(({ start, items, goesOn }) => items.map((_, i) => (goesOn ? "…" : start + i)));
  expect(counted.filter((number) => number !== "…")).toEqual(Array.from({ length: 502 }, (_, i) => i + 1));
  expect(counted.filter((number) => number === "…").length).toBeGreaterThan(3);
});

test("a short block is one piece", () => {
  for (const block of parseBlocks("# Tea\n\nIt is hot.\n\n- a\n  - b\n\n> c\n\n| a |\n|---|\n| b |\n\n```\nx\n```"))
    expect(splitBlock(block)).toEqual([block]);
});

const piece = fc.constantFrom(
  ..."ab [1]|[2]|[12|]|a[1].b|\n|\n\n|- a\n|  - b\n|1. c\n|> q\n|```\n|| a | b |\n|---|---|\n|# H\n|---\n|**b|** |字。|😀|\u202e|\ue000"
    .split("|")
    .concat("| a | b |\n", "|---|---|\n", sentence.repeat(45), "`code` ", " ".repeat(20)),
);

test("an answer that grows by any pieces is, at each of them, what it would be as a whole", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(), (pieces, count) => {
      const grow = growingAnswer();
      let answer = "";
      for (const more of pieces) {
        answer += more;
        const { sections, marks } = grow(answer, undefined);
        const whole = growingAnswer()(answer, undefined);
        expect([sections, marks]).toEqual([whole.sections, whole.marks]);
        expect(marks).toEqual(markCitations(answer, undefined).marks);
      }
      const citations = markCitations(answer, undefined)
        .marks.slice(0, count)
        .map(({ number }) => number);
      expect(grow(answer, citations).marks).toEqual(markCitations(answer, citations).marks);
    }),
    { numRuns: 100 },
  );
});

test("what was settled is not made anew: of a long answer only the end is", () => {
  const grow = growingAnswer();
  const before = grow(`${sentence}\n\n`.repeat(500), undefined).sections;
  const after = grow(`${`${sentence}\n\n`.repeat(500)}And more.`, undefined).sections;
  expect(before.length).toBeGreaterThan(5);
  expect(before.slice(0, -2).every((section, i) => section === after[i])).toBe(true);
  expect(sameSection(before.at(-1)!, after.at(-1)!)).toBe(false);
});

test("blanks without end hold nobody up", () => {
  const answer = `Tea.${" ".repeat(300_000)}[1]`;
  expect(markCitations(answer, [1]).marks).toEqual([{ number: 1, citation: 0 }]);
  expect(parseBlocks(`\`\`\`${"a".repeat(300_000)}\``)[0]!.type).toBe("paragraph");
});
