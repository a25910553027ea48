import { expect, test } from "vitest";
import { segmentHan, synonymsOf } from "../../services/shared/synonyms.ts";

test("words of one meaning know each other in both languages", () => {
  expect(synonymsOf("remov")).toContain("delet");
  expect(synonymsOf("显卡")).toContain("gpu");
  expect(synonymsOf("传上去")).toContain("上传");
  expect(synonymsOf("tungsten")).toEqual([]);
});

test("a word of the table is not cut", () => {
  expect(segmentHan("密匙有效期")).toEqual(["密匙", "有效期"]);
});
