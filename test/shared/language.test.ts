import { expect, test } from "vitest";
import { languageOf } from "#shared/language.ts";

test.each([
  ["What is a pod?", "en"],
  ["如何配置滚动更新？", "zh"],
  ["kube-apiserver 是什么", "zh"],
  ["Explain what the character 的 means in this long English sentence", "en"],
  ["Qu'est-ce que c'est ?", "en"],
  ["", "en"],
  ["123 !?", "en"],
  ["𠀀𠀁", "zh"],
] as const)("%j is answered in %s", (text, language) => {
  expect(languageOf(text)).toBe(language);
});
