import { describe, expect, it } from "vitest";
import { parseHtml } from "../../ingest/parse/parse-html.ts";
import { computingMs } from "../helpers/computing-ms.ts";

const textOf = (html: string) => parseHtml(html, "page.html").text;

describe("HTML", () => {
  it("takes the title from its element, then the first heading, then the file's name", () => {
    expect(parseHtml("<title>T &amp; U</title><h1>H</h1>", "a.html").title).toBe("T & U");
    expect(parseHtml("<h1>H</h1>", "a.html").title).toBe("H");
    expect(parseHtml("<p>x", "folder/a.html").title).toBe("a");
  });

  it("keeps headings, lists, tables by row and code as it stands", () => {
    const { text, blocks } = parseHtml(
      `<h1><div>Head</div></h1><p>One <b>two</b><br>three<ul><li>a<ul><li>b</ul><li><p>c<p>d</ul><ol start=3><li>x</ol>
       <table><caption>Cap</caption><tr><th>A<th>B<tr><td><p>1</p><td>2<table><tr><td>n</table></table><pre>
if x:
    y</pre>`,
      "a.html",
    );
    expect(text).toBe("Head\n\nOne two\nthree\n\n- a\n  - b\n- c\n  d\n\n3. x\n\nCap\nA | B\n1 | 2 n\n\nif x:\n    y");
    expect(blocks.map(({ kind }) => kind).join()).toBe("heading,paragraph,list,list,list,list,list,table,code");
  });

  it.each([
    "<!-- secret -->",
    "<script>secret</script>",
    "<style>secret</style>",
    "<template>secret</template>",
    "<noscript>secret</noscript>",
    "<p hidden>secret</p>",
    '<p style="Display : None">secret</p>',
    '<p style="color:red; visibility:hidden">secret</p>',
    '<p style="font-size:0px">secret</p>',
    '<p style="display:/**/none">secret</p>',
    '<p aria-hidden="true">secret</p>',
    "<div hidden><table><tr><td>secret</table></div>",
  ])("does not show %s", (hidden) => {
    expect(textOf(`<p>before</p>${hidden}<p>after</p>`)).toBe("before\n\nafter");
  });

  it("shows what only looks hidden", () => {
    expect(textOf('<p style="opacity:0.9;font-size:0.9em">shown</p><p aria-hidden="false">too</p>')).toBe(
      "shown\n\ntoo",
    );
  });

  it("drops characters that nobody sees, also those written as entities", () => {
    expect(textOf("<p>a&#8203;b&#xE0041;c\u00ADd&#x202E;</p>")).toBe("abcd");
  });

  it.each([20_000, 100_000])("reads %i nested elements quickly", (depth) => {
    const started = computingMs();
    expect(textOf(`${"<div>".repeat(depth)}deep`)).toBe("deep");
    expect(computingMs() - started).toBeLessThan(5_000);
  });

  it("refuses what is nested deeper still", () => {
    expect(() => textOf("<div>".repeat(300_000))).toThrow(/nested too deeply/);
  });
});
