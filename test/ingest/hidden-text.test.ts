import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parse } from "../../ingest/parse/parse.ts";
import { parseHtml } from "../../ingest/parse/parse-html.ts";
import { makeDocx } from "../helpers/make-docx.ts";

const textOf = (html: string) => parseHtml(html, "page.html").text;

describe("A page", () => {
  it.each([
    "color:#fff",
    "color : White !important",
    "color:rgb(255, 255, 255);background:#ffffff",
    "color:hsl(0,0%,100%)",
    "color:transparent",
    "color:rgba(0,0,0,0)",
    "height:0;overflow:hidden",
    "max-height:0px; overflow-y: hidden",
    "width:0;overflow:clip",
    "position:absolute;left:-9999px",
    "position:absolute;top:-999em",
    "text-indent:-9999px",
    "margin-left:-5000px",
    "transform:translateX(-9999px)",
    "transform:translate(0, -9999px)",
    "position:absolute;clip:rect(0,0,0,0)",
    "clip:rect(1px, 1px, 1px, 1px)",
    "clip-path:inset(50%)",
  ])("does not show text with the style %s", (style) => {
    expect(textOf(`<p>before</p><p style="${style}">secret</p><p>after</p>`)).toBe("before\n\nafter");
  });

  it("does not show text in a white font", () => {
    expect(textOf('<p>before <font color="#FFFFFF">secret</font> after</p>')).toBe("before after");
  });

  it.each([
    '<p style="color:#fff;background:#333">shown</p>',
    '<p style="color:#fff;background-color:rgb(0,0,0)">shown</p>',
    '<p style="color:white;background-image:url(x.png)">shown</p>',
    '<div style="background:navy"><p><span style="color:#fff">shown</span></p></div>',
    '<table bgcolor="#000000"><tr><td style="color:white">shown</td></tr></table>',
    '<p style="color:#fff8f0">shown</p>',
    '<p style="background-color:#fff">shown</p>',
    '<p style="height:0">shown</p>',
    '<p style="height:0.5em;overflow:hidden">shown</p>',
    '<p style="overflow:hidden">shown</p>',
    '<p style="margin-left:-20px;left:-5em">shown</p>',
    '<p style="text-indent:2em;border-left:9999px">shown</p>',
  ])("shows %s", (html) => {
    expect(textOf(html)).toBe("shown");
  });
});

describe("A Word document", () => {
  const SEEN = '<w:t xml:space="preserve">seen</w:t>';
  const SECRET = '<w:t xml:space="preserve">SECRET</w:t>';
  const documentOf = async (body: string, styles = "") => {
    const parts = unzipSync(makeDocx([["Normal", "BODY"]]));
    const change = (name: string, from: string, to: string) => {
      parts[name] = strToU8(strFromU8(parts[name]!).replace(from, () => to));
    };
    change(
      "word/document.xml",
      strFromU8(parts["word/document.xml"]!).match(/<w:body>.*<\/w:body>/s)![0],
      `<w:body>${body}</w:body>`,
    );
    change("word/styles.xml", "</w:styles>", `${styles}</w:styles>`);
    return (await parse({ bytes: zipSync(parts), name: "a.docx" })).text;
  };
  const run = (properties: string, text: string) => `<w:r><w:rPr>${properties}</w:rPr>${text}</w:r>`;
  const style = (type: string, id: string) =>
    `<w:style w:type="${type}" w:styleId="${id}"><w:name w:val="${id}"/><w:rPr><w:vanish/></w:rPr></w:style>`;

  it.each([
    ["a hidden run", `<w:p>${run("", SEEN)}${run("<w:b/><w:vanish/>", SECRET)}</w:p>`],
    ["a hidden run that says so at length", `<w:p>${run("", SEEN)}${run('<w:vanish w:val="true"/>', SECRET)}</w:p>`],
    ["a run of a hidden style", `<w:p>${run("", SEEN)}${run('<w:rStyle w:val="Quiet"/>', SECRET)}</w:p>`],
    [
      "a paragraph of a hidden style",
      `<w:p>${run("", SEEN)}</w:p><w:p><w:pPr><w:pStyle w:val="Still"/></w:pPr>${run("", SECRET)}</w:p>`,
    ],
  ])("does not show %s", async (_what, body) => {
    expect(await documentOf(body, style("character", "Quiet") + style("paragraph", "Still"))).toBe("seen");
  });

  it.each([
    ["a run that says it is not hidden", `<w:p>${run('<w:rStyle w:val="Quiet"/><w:vanish w:val="0"/>', SEEN)}</w:p>`],
    ["a paragraph whose mark is hidden", `<w:p><w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>${run("", SEEN)}</w:p>`],
    [
      "a run that was hidden before a change",
      `<w:p>${run('<w:rPrChange w:id="1"><w:rPr><w:vanish/></w:rPr></w:rPrChange>', SEEN)}</w:p>`,
    ],
    ["a run beside an XML comment", `<w:p>${run("<!-- <w:vanish/> -->", SEEN)}</w:p>`],
  ])("shows %s", async (_what, body) => {
    expect(await documentOf(body, style("character", "Quiet"))).toBe("seen");
  });
});
