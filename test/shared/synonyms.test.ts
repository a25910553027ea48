import { expect, test } from "vitest";
import { meantBy, segmentHan, synonymsOf } from "../../services/shared/synonyms.ts";

test("words of one meaning know each other in both languages", () => {
  expect(synonymsOf("remov")).toContain("delet");
  expect(synonymsOf("显卡")).toContain("gpu");
  expect(synonymsOf("传上去")).toContain("上传");
  expect(synonymsOf("tungsten")).toEqual([]);
});

test("a word of the table is not cut", () => {
  expect(segmentHan("密匙有效期")).toEqual(["密匙", "有效期"]);
});

test.each([
  ["uplaod", "upload"],
  ["documnet", "document"],
  ["shutdwon", "shutdown"],
  ["redis", undefined],
  ["kafka", undefined],
])("%s is understood as %s", (word, meant) => {
  expect(meantBy(word, ["upload", "document", "shutdown", "read", "key"])).toBe(meant);
});
