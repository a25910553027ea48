import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { shownNumber } from "../../ingest/parse/cell-format.ts";
import { parseXlsx } from "../../ingest/parse/parse-xlsx.ts";

const workbook = (rows: string): Uint8Array =>
  zipSync({
    "xl/workbook.xml": strToU8('<workbook><sheets><sheet name="S" r:id="a"/></sheets></workbook>'),
    "xl/_rels/workbook.xml.rels": strToU8(
      '<Relationships><Relationship Id="a" Type="x/worksheet" Target="s.xml"/></Relationships>',
    ),
    "xl/s.xml": strToU8(`<worksheet><sheetData>${rows}</sheetData></worksheet>`),
  });
const numbersOf = (rows: string): (number | undefined)[] =>
  parseXlsx(workbook(rows), "a.xlsx")
    .blocks.filter(({ kind }) => kind === "table")
    .map(({ place }) => place?.number);

test("a row number that no sheet can have is the next one, so that every place is a row", () => {
  for (const r of ["abc", "1e999", "-5", "1.5", "0", "", "99999999999999999999"])
    expect(numbersOf(`<row r="7"><c><v>5</v></c></row><row r="${r}"><c><v>6</v></c></row>`), r).toEqual([7]);
});

test("dates count from 1904 where the workbook says so, and durations from nothing in every workbook", () => {
  expect(shownNumber("1.25", "yyyy-mm-dd", true)).toBe("1904-01-02");
  expect(shownNumber("1.25", "h:mm", true)).toBe("6:00");
  for (const from1904 of [true, false]) {
    expect(shownNumber("1.25", "[h]:mm", from1904)).toBe("30:00");
    expect(shownNumber("0.5", "[mm]:ss", from1904)).toBe("720:00");
    expect(shownNumber("0.5", '[s]" s"', from1904)).toBe("43200 s");
  }
  // Brackets may also hold a colour or a language.
  expect(shownNumber("0", "[Red]yyyy-mm-dd", true)).toBe("1904-01-01");
  expect(shownNumber("0", "[$-409]d mmm yyyy", true)).toBe("1 Jan 1904");
});
