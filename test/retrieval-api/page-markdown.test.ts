import fc from "fast-check";
import { expect, test } from "vitest";
import type { Block } from "../../services/retrieval-api/page/markdown/block.ts";
import { parseBlocks } from "../../services/retrieval-api/page/markdown/parse-blocks.ts";
import { type Inline, parseInline } from "../../services/retrieval-api/page/markdown/parse-inline.ts";
import { safeLink } from "../../services/retrieval-api/page/markdown/safe-link.ts";

/** Inline nodes in short: `*em*`, `**strong**`, `<host|words>`. */
function short(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if (node.type === "text") return node.text;
      if (node.type === "code") return `‹${node.text}›`;
      if (node.type === "break") return "⏎";
      if (node.type === "mark") return `⟦${node.index}⟧`;
      if (node.type === "link") return `<${node.host}|${short(node.children)}>`;
      return `(${node.type} ${short(node.children)})`;
    })
    .join("");
}
const inline = (text: string): string => short(parseInline(text));
const typesOf = (text: string): string[] => parseBlocks(text).map(({ type }) => type);

test.each([
  ["a **b** c", "a (strong b) c"],
  ["**文字**，和 *斜体*", "(strong 文字)，和 (em 斜体)"],
  ["snake_case_name and __init__", "snake_case_name and (strong init)"],
  ["2 * 3 * 4", "2 * 3 * 4"],
  ["**open", "**open"],
  ["`a**b**` and ``x`y``", "‹a**b**› and ‹x`y›"],
  ["`open", "`open"],
  ["~~gone~~ ~5~", "(del gone) ~5~"],
  ["a\nb", "a⏎b"],
  ["\\*no\\*", "*no*"],
  ["1 &lt; 2 &amp; x &unknown;", "1 < 2 & x &unknown;"],
  ["[words](https://a.example/x_(y))", "<a.example|words>"],
  ["see https://a.example/x. Yes", "see <a.example|https://a.example/x>. Yes"],
  ["![alt](https://a.example/beacon.png)", "<a.example|alt>"],
  ["[x](javascript:alert(1))", "x"],
  ["[x](data:text/html,a)", "x"],
  ["[x](//evil.example)", "x"],
  ["[x](https://good.example@evil.example/)", "x"],
  ["[a [b](https://b.example) c](https://a.example)", "<a.example|a <b.example|b> c>"],
  ["<b>raw</b><script>x</script>", "<b>raw</b><script>x</script>"],
  ["said. \ue003 More `x \ue004`", "said.⟦3⟧ More ‹x \ue004›"],
  ["[1]: https://evil.example", "[1]: <evil.example|https://evil.example>"],
])("%j is drawn as %j", (text, drawn) => {
  expect(inline(text)).toBe(drawn);
});

test("blocks are what they look like", () => {
  expect(typesOf("# H\n\ntext\nmore\n\n- a\n- b\n\n1. c\n\n> q\n\n---\n\n```sh\nx\n```")).toEqual([
    "heading",
    "paragraph",
    "list",
    "list",
    "quote",
    "rule",
    "code",
  ]);
  const [table] = parseBlocks("| a | b |\n|---|--:|\n| 1 | `x|y` |\n| 2 \\| 3 |");
  expect(table).toMatchObject({
    head: ["a", "b"],
    align: [undefined, "right"],
    rows: [
      ["1", "`x|y`"],
      ["2 | 3", ""],
    ],
  });
  const [list] = parseBlocks("1. a\n\n   more\n   - in\n2. b") as [Extract<Block, { type: "list" }>];
  expect(list.items.map((item) => item.map(({ type }) => type))).toEqual([
    ["paragraph", "paragraph", "list"],
    ["paragraph"],
  ]);
  expect(typesOf("```\nnever closed\n# not a heading")).toEqual(["code"]);
});

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:x",
  "data:,x",
  "vbscript:x",
  "file:///etc/passwd",
  "//x.example",
  "/x",
  "x",
  "blob:x",
  " https://x",
  "https://u:p@x.example",
])("%j is no link", (href) => {
  expect(safeLink(href)).toBeUndefined();
});

test("a link's host is shown as what it is, in punycode", () => {
  expect(safeLink("https://аpple.com/")?.host).toBe("xn--pple-43d.com");
  expect(safeLink("mailto:ann@example.com")).toEqual({ href: "mailto:ann@example.com", host: "ann@example.com" });
});

const markdownish = fc.string({
  unit: fc.constantFrom(..."ab *_~`[]()!<>#-+|\\\n\t1.:&/".split(""), "https://x.y", "字", "😀"),
  maxLength: 300,
});

test("no text makes the parser fail, and no word is lost", () => {
  fc.assert(
    fc.property(markdownish, (text) => {
      const words = (nodes: readonly Inline[]): string =>
        nodes.map((node) => ("children" in node ? words(node.children) : "text" in node ? node.text : "")).join("");
      const blockWords = (blocks: readonly Block[]): string =>
        blocks
          .map((block) => {
            if (block.type === "code") return block.text + block.language;
            if (block.type === "quote") return blockWords(block.blocks);
            if (block.type === "list") return block.items.map(blockWords).join("");
            if (block.type === "table")
              return words([block.head, ...block.rows].flat().flatMap((cell) => parseInline(cell)));
            return block.type === "rule" ? "" : words(parseInline(block.text));
          })
          .join("");
      const letters = (value: string): number => [...value.matchAll(/[字😀]/gu)].length;
      // Cells beyond the columns of a table, and what follows a fence's language, are not drawn.
      if (!text.includes("|") && !text.includes("```") && !text.includes("~~~") && !text.includes("](")) {
        expect(letters(blockWords(parseBlocks(text)))).toBe(letters(text));
      } else blockWords(parseBlocks(text));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["_a_ __", 3000],
  ["*a **a ", 3000],
  ["[", 20_000],
  ["[a](", 5000],
  ["![[", 5000],
  ["> ", 5000],
  ["- ", 5000],
  ["`", 9999],
  ["<a ", 5000],
  ["|", 5000],
  ["~~a", 5000],
  ["https://a.", 3000],
  ["\\", 20_000],
])("%j repeated %d times is taken apart without running out of stack", (piece, times) => {
  const blocks = parseBlocks(piece.repeat(times));
  for (const block of blocks) if ("text" in block) parseInline(block.text);
  expect(blocks.length).toBeGreaterThan(0);
});
