import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dropMdx } from "../../ingest/parse/mdx.ts";
import { parseMarkdown } from "../../ingest/parse/parse-markdown.ts";

const textOf = (markdown: string, name = "page.md") => parseMarkdown(markdown, name).text;
const pages = join(process.env.EVAL_DATA_DIR ?? "../shared/datasets", "k8s-docs/content");

describe("Markdown", () => {
  it("takes the title from front matter, then the first heading, then the file's name", () => {
    expect(parseMarkdown("---\ntitle: Front\n---\n# Head\n", "a.md").title).toBe("Front");
    expect(parseMarkdown("## Small\n\n# Head\n", "a.md").title).toBe("Head");
    expect(parseMarkdown("words", "docs/a guide.md").title).toBe("a guide");
  });

  it("never shows front matter, even where it is not valid YAML", () => {
    expect(textOf("---\ntitle: a: b: c\nsecret: [\n---\nwords")).toBe("words");
    expect(textOf("+++\ntitle = 'x'\n+++\nwords")).toBe("words");
  });

  it("keeps prose between two horizontal rules", () => {
    expect(textOf("---\nJust prose.\n\n---\nMore.")).toContain("Just prose.");
  });

  it("keeps the words and drops the marks", () => {
    expect(textOf("*a* **b** `c<d>` [e](http://f) ![g](h) ~~i~~ j[^1]\n\n[^1]: note")).toBe("a b c<d> e g i j\n\nnote");
  });

  it("drops heading ids and gives every block its heading path", () => {
    const { text, blocks } = parseMarkdown("# A {#a}\n## B {#b}\nunder b\n# C\nunder c", "a.md");
    expect(text).toBe("A\n\nB\n\nunder b\n\nC\n\nunder c");
    expect(blocks.map(({ headingPath }) => headingPath.join("/"))).toEqual(["A", "A/B", "A/B", "C", "C"]);
  });

  it("writes lists with markers, tables by row and code verbatim", () => {
    const { text, blocks } = parseMarkdown(
      "3. x\n   - y\n4. z\n\n|a|b|\n|-|-|\n|1|2|\n\n```sh\n# no heading\n  ls\n```\n",
      "a.md",
    );
    expect(text).toBe("3. x\n  - y\n4. z\n\na | b\n1 | 2\n\n# no heading\n  ls");
    expect(blocks.map(({ kind }) => kind)).toEqual(["list", "list", "list", "table", "code"]);
  });

  it("joins lines of Chinese prose without a space", () => {
    expect(textOf("集群中的\n节点 and\nmore")).toBe("集群中的节点 and more");
  });

  it.each([
    ["across paragraphs", "a\n\n<!--\nhidden\n\nhidden\n-->\n\nb"],
    ["inside a list item without indentation", "1. a\n   <!--\nhidden\n\nhidden\n   -->\n2. b"],
    ["inside a line", "a <!-- hidden --> b"],
    ["around a code fence", "a\n\n<!--\n```\nhidden\n```\n-->\n\nb"],
    ["in a quote", "> a\n> <!-- hidden\n> hidden -->\n\nb"],
    ["after a stray backtick", "a `\n<!-- hidden ` -->\n\nb"],
    ["never closed", "a b\n\n<!--\nhidden\n\nhidden"],
  ])("drops a comment %s", (_, markdown) => {
    const text = textOf(markdown);
    expect(text).not.toContain("hidden");
    expect(text).toContain("a");
    expect(text).toContain("b");
  });

  it("keeps a comment that is shown as code", () => {
    expect(textOf("```html\n<!-- shown -->\n```\n\nand `<!-- this -->`")).toBe("<!-- shown -->\n\nand <!-- this -->");
  });

  it("hides what raw HTML hides across paragraphs", () => {
    expect(textOf('a\n\n<div style="display: none">\n\nsecret\n\n</div>\n\n<span hidden>secret</span>b')).toBe(
      "a\n\nb",
    );
  });

  it("does not lose the page after a tag that prose only mentions", () => {
    expect(textOf("The <script> and <textarea> tags.\n\nNext.")).toBe("The <script> and <textarea> tags.\n\nNext.");
  });

  it("drops the module lines of MDX only", () => {
    const mdx = "import X from 'x'\nexport const a = {\n  b: 1\n}\n\nwords {/* hidden */}\n";
    expect(textOf(mdx, "a.mdx")).toBe("words");
    expect(textOf("import duties rose", "a.md")).toBe("import duties rose");
  });
});

describe("Hugo shortcodes", () => {
  it.each([
    ['a {{< glossary_tooltip text="Pod" term_id="pod" >}} b', "a Pod b"],
    ['{{< glossary_tooltip term_id="kube-proxy" >}}', "kube proxy"],
    ["{{< note >}}\nCareful.\n{{< /note >}}", "Careful."],
    ['## {{% heading "prerequisites" %}}', "Prerequisites"],
    ['教程内容说明 {{% heading "prerequisites" %}}', "教程内容说明 准备开始"],
    ['{{< feature-state state="stable" for_k8s_version="v1.29" >}}', "FEATURE STATE: Kubernetes v1.29 [stable]"],
    ['{{% code_sample file="pods/x.yaml" %}}', "pods/x.yaml"],
    ["v{{< skew currentVersion >}}.", "v."],
    ['[Pod]({{< ref "pod-v1#Pod" >}})', "Pod"],
    ["{{< comment >}}\nhidden\n{{< /comment >}}\nshown", "shown"],
    ["`{{</* note */>}}`", "{{< note >}}"],
    ["{{< never closed", "{{< never closed"],
  ])("%j reads %j", (markdown, text) => {
    expect(textOf(markdown)).toBe(text);
  });

  it("keep the name and the code of a tab", () => {
    const markdown = '{{< tab name="Linux" codelang="bash" >}}\n# not a heading\n{{< /tab >}}';
    const { text, blocks } = parseMarkdown(markdown, "a.md");
    expect(text).toBe("Linux\n\n# not a heading");
    expect(blocks[1]?.kind).toBe("code");
  });
});

describe.skipIf(!existsSync(pages))("The Kubernetes documentation", () => {
  it("shows no line of the English original that Chinese pages keep in comments", () => {
    const plain = (text: string) => text.replace(/[\s`*_[\]()#>|-]+/g, " ").trim();
    const leaked: string[] = [];
    let checked = 0;
    for (const file of readdirSync(join(pages, "zh-cn"), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".md")) continue;
      const source = readFileSync(join(pages, "zh-cn", file), "utf8");
      const text = plain(textOf(source, file));
      // A fence may show a comment as an example.
      const fences = source.match(/^```[^`]*^```/gm) ?? [];
      const visible = plain([source.replace(/<!--[\s\S]*?-->/g, " "), ...fences].join("\n"));
      for (const [, comment] of source.matchAll(/<!--([\s\S]*?)-->/g)) {
        for (const line of comment!.split("\n").map(plain)) {
          if (line.length < 60 || !/^[ -~‘’“”]+$/.test(line) || line.split(" ").length < 6) continue;
          checked += 1;
          if (text.includes(line) && !visible.includes(line)) leaked.push(`${file}: ${line}`);
        }
      }
    }
    expect(leaked).toEqual([]);
    expect(checked).toBeGreaterThan(10_000);
  }, 60_000);
});

// With patterns that try a text from each of its places again these take minutes.
it("reads headings with gaps and comments that never end like any other line", () => {
  const gap = " ".repeat(200_000);
  expect(textOf(`# Words${gap}more {#id}`)).toBe("Words more");
  const open = `${"{/*".repeat(100_000)}${gap}`;
  expect(dropMdx(`${open}{/* note */}words`)).toBe(`${open}words`);
});
