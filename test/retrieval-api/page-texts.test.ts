import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveCitations } from "../../services/retrieval-api/answer/citations.ts";
import { markCitations } from "../../services/retrieval-api/page/markdown/mark-citations.ts";
import { shownText } from "../../services/retrieval-api/page/markdown/shown-text.ts";
import { splitLines } from "../../services/retrieval-api/page/sources/split-lines.ts";

const marked = (answer: string, citations?: number[]): string => {
  const { text, marks } = markCitations(answer, citations);
  return text.replaceAll(/[\ue000-\uf8ff]/g, (char) => {
    const { number, citation } = marks[char.charCodeAt(0) - 0xe000]!;
    return `⟦${number}:${citation ?? "?"}⟧`;
  });
};

test("markers become the citations that the service lists in their order", () => {
  expect(marked("One. [1] Two [2][1].", [1, 2, 1])).toBe("One. ⟦1:0⟧ Two ⟦2:1⟧⟦1:2⟧.");
});

test("while the citations are not known yet, markers wait", () => {
  expect(marked("One. [1] Two. [2")).toBe("One. ⟦1:?⟧ Two. [2");
});

test("an index in code is none, and a marker without a citation stays as it is", () => {
  expect(marked("Use containers[0].name here. [1]", [1])).toBe("Use containers[0].name here. ⟦1:0⟧");
  expect(marked("Nothing [3] known. [1]", [1])).toBe("Nothing [3] known. ⟦1:0⟧");
});

test("characters of private use in an answer cannot pass for markers", () => {
  expect(marked("\ue000\ue001 a [1]", [1])).toBe("\ufffd\ufffd a ⟦1:0⟧");
});

test("the page finds every citation that the service made", () => {
  const evidence = [1, 2, 3].map((n) => ({
    chunk: {
      id: `c${n}`,
      documentId: "d",
      versionId: "v",
      headingPath: [],
      start: 0,
      end: 9,
      text: `Tea number ${n}.`,
    },
    document: { title: "T", uri: "t", salt: "", textCommitment: "" },
  })) as unknown as Parameters<typeof resolveCitations>[1];
  const piece = fc.constantFrom(
    "Tea number 1",
    ". ",
    "\n",
    " [1]",
    "[2]",
    "[3] ",
    "a[1].b",
    "x[2](",
    "茶。",
    "```\ncode\n```\n",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const answer = pieces.join("");
      const citations = resolveCitations(answer, evidence).map(({ marker }) => marker);
      const found = markCitations(answer, citations).marks.flatMap(({ citation }) => citation ?? []);
      expect(found).toEqual(citations.map((_, i) => i));
    }),
  );
});

test("nothing unseen and nothing that turns the order of letters is shown", () => {
  expect(shownText("a\u202eb\u200bc\u2066d\u{e0041}e\u0000f\tg\nh")).toBe("abcdef\tg\nh");
});

test("exactly the words between two places are marked, wherever lines break", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", " ", "\n", "字", "."), maxLength: 80 }),
      fc.nat(80),
      fc.nat(80),
      (text, a, b) => {
        const [from, to] = [Math.min(a, b, text.length), Math.min(Math.max(a, b), text.length)];
        const words = splitLines(text, from, to).flatMap(({ pieces }) =>
          pieces.filter((piece) => piece.marked).map((piece) => piece.text),
        );
        const lines = text.slice(from, to).replaceAll("\n", "");
        const blank = text
          .split("\n")
          .filter((line) => line.trim() === "")
          .join("").length;
        expect(lines.length - words.join("").length).toBeLessThanOrEqual(blank);
        expect(lines.replaceAll(" ", "")).toBe(words.join("").replaceAll(" ", ""));
      },
    ),
  );
});
