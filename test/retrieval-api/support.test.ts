import { expect, test } from "vitest";
import { quantitiesOf } from "../../services/retrieval-api/answer/quantities.ts";
import { isSupported } from "../../services/retrieval-api/answer/support.ts";

const valuesOf = (text: string): string[] => quantitiesOf(text).map(({ value }) => value);

test("numbers are read in figures and in words, English and Chinese", () => {
  expect(valuesOf("1,190 files, 1.2 million rows, twenty-one days, one hundred pages")).toEqual([
    "1190",
    "1200000",
    "21",
    "100",
  ]);
  expect(valuesOf("五十个文件、三百二十页、两次、１２ 台、1.5万人、十五天")).toEqual([
    "50",
    "320",
    "2",
    "12",
    "15000",
    "15",
  ]);
  expect(valuesOf("version 1.2.3 of 2026-02-01")).toEqual(
    ["1.2.3", "2026", "02", "01"].map((one) => one.replace(/^0/, "")),
  );
});

test("words that only look like numbers are none", () => {
  expect(valuesOf("no one often weighed the tenant; anyone may, once")).toEqual([]);
  expect(valuesOf("一个人千万不要十分着急，万一不行，再进一步")).toEqual([]);
});

test("a number that the source has with another unit is a wrong one", () => {
  const source = "A file may be at most 50 MB, and a crawl may take 30 minutes.";
  expect(isSupported("A file may be at most 50 MB.", source)).toBe(true);
  expect(isSupported("A file may be at most 50 GB.", source)).toBe(false);
  expect(isSupported("A crawl may take thirty minutes.", source)).toBe(true);
  expect(isSupported("A crawl may take 30 hours.", source)).toBe(false);
  expect(isSupported("单个文件最大五十 MB。", "单个文件最大 50 MB。")).toBe(true);
  expect(isSupported("抓取最多 30 小时。", "抓取最多 30 分钟。")).toBe(false);
});

test("a name that neither the source nor its surroundings have is not borne out", () => {
  const source = "The Broncos defeated the Carolina Panthers 24–10 to earn their third title.";
  expect(isSupported("The Broncos defeated the Carolina Panthers.", source)).toBe(true);
  expect(isSupported("The Broncos defeated the Carolina Steelers 24–10.", source)).toBe(false);
  expect(isSupported("In 2016 the Broncos won.", "In 2016 the team won.", "The Broncos")).toBe(true);
});

test("what is copied is borne out, whatever it is", () => {
  for (const text of [
    "Manning, the No. 1 pick, threw 17 passes in Super Bowl XLI.",
    "二十一世纪以来，南京有三十多万人。",
    "At 9:30 on 2 March the U.S.-led force of one hundred and twenty left.",
  ]) {
    expect(isSupported(text, `Before. ${text} After.`)).toBe(true);
  }
});
