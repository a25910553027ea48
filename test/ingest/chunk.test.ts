import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sliceCodePoints } from "#shared/codepoints.ts";
import { chunkDocument } from "../../ingest/chunk/chunk.ts";
import { parseMarkdown } from "../../ingest/parse/parse-markdown.ts";

const chunk = (markdown: string) => chunkDocument(parseMarkdown(markdown, "a.md"));
const sentence = "The scheduler assigns every pod to a node that has room for it. ";

const piece = fc.oneof(
  fc.constantFrom("# Head\n\n", "## Deeper\n\n", "\n\n", "- item\n", "```\ncode\n```\n\n", "|a|b|\n|-|-|\n|1|2|\n\n"),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom(
    "👩🏽",
    "e\u0301",
    "🇩🇪",
    "句子结束。",
    sentence,
    "x".repeat(3_000),
    "👍🏽".repeat(900),
    "汉".repeat(900),
  ),
);
const documents = fc.array(piece, { maxLength: 60 }).map((pieces) => parseMarkdown(pieces.join(""), "a.md"));

describe("Passages", () => {
  it("equal their slice of the text, in order and without overlap", () => {
    fc.assert(
      fc.property(documents, (parsed) => {
        let last = 0;
        for (const { start, end, text } of chunkDocument(parsed)) {
          expect(text).toBe(sliceCodePoints(parsed.text, start, end));
          expect(text.trim()).not.toBe("");
          expect(text.isWellFormed()).toBe(true);
          expect(start).toBeGreaterThanOrEqual(last);
          last = end;
        }
      }),
    );
  });

  it("hold every word that is not a heading", () => {
    fc.assert(
      fc.property(documents, (parsed) => {
        const headings = new Set(parsed.blocks.filter(({ kind }) => kind === "heading").map(({ start }) => start));
        const points = Array.from(parsed.text);
        const kept = chunkDocument(parsed).map(({ start, end }) => points.slice(start, end).join(""));
        const words = parsed.blocks
          .filter(({ kind }) => kind !== "heading")
          .map(({ start, end }) => parsed.text.slice(start, end));
        const letters = (texts: readonly string[]) => texts.join("").replace(/\s+/g, "");
        if (headings.size === 0) expect(letters(kept)).toBe(letters(words));
        for (const word of words) expect(letters(kept)).toContain(letters([word]));
      }),
    );
  });

  it("merge small neighbours of a section and never cross a heading", () => {
    const passages = chunk("# A\n\none\n\ntwo\n\n- three\n\n## B\n\nfour");
    expect(passages.map(({ text }) => text)).toEqual(["one\n\ntwo\n\n- three", "four"]);
    expect(passages.map(({ headingPath }) => headingPath)).toEqual([["A"], ["A", "B"]]);
  });

  it("of long prose end at a sentence and are about as long in both languages", () => {
    for (const [prose, least, most] of [
      [sentence.repeat(100), 900, 1_800],
      ["调度器把每个容器组分配到有足够空间的节点上。".repeat(100), 400, 750],
    ] as const) {
      const passages = chunk(prose);
      expect(passages.length).toBeGreaterThan(3);
      for (const { text } of passages) expect(text).toMatch(/[.。]$/);
      for (const { text } of passages.slice(0, -1)) {
        expect(text.length).toBeGreaterThan(least);
        expect(text.length).toBeLessThan(most);
      }
    }
  });

  it("keep code whole where it fits and split it at lines where not", () => {
    const line = "kubectl get pods --all-namespaces\n";
    expect(chunk(`${"```"}\n${line.repeat(40)}${"```"}`)).toHaveLength(1);
    const long = chunk(`${"```"}\n${line.repeat(200)}${"```"}`);
    expect(long.length).toBeGreaterThan(4);
    for (const { text } of long) expect(text.split("\n").every((part) => `${part}\n` === line)).toBe(true);
  });

  it("make headings findable that have nothing under them", () => {
    expect(chunk("# Only").map(({ text }) => text)).toEqual(["Only"]);
    expect(chunk("# A\n\n## Empty\n\n## Full\n\nwords").map(({ text }) => text)).toEqual(["Empty", "words"]);
  });

  it("do not cut between a letter and its mark or an emoji and its skin", () => {
    for (const { text } of chunk("👍🏽".repeat(3_000))) expect(text).not.toMatch(/^\u{1F3FD}/u);
    for (const { text } of chunk("x\u0323".repeat(3_000))) expect(text).not.toMatch(/^\p{M}/u);
  });
});
