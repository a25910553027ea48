import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { parse } from "../../ingest/parse/parse.ts";

const presentation = (slide: string): Uint8Array =>
  zipSync({
    "ppt/presentation.xml": strToU8('<p:presentation><p:sldIdLst><p:sldId r:id="a"/></p:sldIdLst></p:presentation>'),
    "ppt/_rels/presentation.xml.rels": strToU8(
      '<Relationships><Relationship Id="a" Type="x/slide" Target="s.xml"/></Relationships>',
    ),
    "ppt/s.xml": strToU8(slide),
  });

test("a list whose levels are no levels is a list", async () => {
  const items = ["-5", "1", "abc", "1e9", "0.5"].map(
    (level) => `<a:p><a:pPr lvl="${level}"/><a:r><a:t>at ${level}</a:t></a:r></a:p>`,
  );
  const bytes = presentation(
    `<p:sld><p:sp><p:nvSpPr><p:nvPr><p:ph/></p:nvPr></p:nvSpPr><p:txBody>${items.join("")}</p:txBody></p:sp></p:sld>`,
  );
  const { text } = await parse({ bytes, name: "a.pptx", mediaType: undefined });
  const margin = " ".repeat(16);
  expect(text).toContain(`- at -5\n  - at 1\n- at abc\n${margin}- at 1e9\n- at 0.5`);
});
