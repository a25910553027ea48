import fc from "fast-check";
import { expect, test } from "vitest";
import { pairsThatMayBeSlips, soundAlikes, withSoundsMended } from "#shared/sound-alikes.ts";

const heldIn =
  (...texts: string[]) =>
  (pair: string): number =>
    texts.filter((text) => text.includes(pair)).length;

test("a word of the same sound is told, whatever the tone and whichever character slipped", () => {
  expect(soundAlikes("蜜钥")).toContain("密钥");
  expect(soundAlikes("集和")).toContain("集合");
  expect(soundAlikes("文挡")).toContain("文档");
});

test("only pairs of Chinese characters sound like others", () => {
  expect(soundAlikes("ab")).toEqual([]);
  expect(soundAlikes("管理员")).toEqual([]);
  expect(soundAlikes("")).toEqual([]);
});

test("words and the characters that join them are no slips", () => {
  expect(pairsThatMayBeSlips("怎么查看有那些蜜钥")).toEqual(new Set(["蜜钥"]));
  expect(pairsThatMayBeSlips("部署集群")).toEqual(new Set());
});

test("a pair that no text has becomes the word that texts have", () => {
  expect(withSoundsMended("怎样备分数据", heldIn("备份数据文件夹"))).toBe("怎样备份数据");
});

test("a pair that a text has stays, and so does one that sounds like nothing", () => {
  expect(withSoundsMended("蜜钥", heldIn("蜜钥和密钥"))).toBe("蜜钥");
  expect(withSoundsMended("蜜钥", heldIn("没有别的"))).toBe("蜜钥");
});

test("of several words the one that most texts have is meant", () => {
  expect(withSoundsMended("文建", heldIn("文件", "文件", "文检"))).toBe("文件");
});

test("a mended question is as long as before, and one without Chinese stays the same", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\u4e00-\u9fff]{0,12}$/), (question) => {
      expect(Array.from(withSoundsMended(question, () => 0))).toHaveLength(Array.from(question).length);
      expect(withSoundsMended(question, () => 0)).toBe(question);
    }),
  );
  expect(withSoundsMended("no Chinese here", () => 0)).toBe("no Chinese here");
});
