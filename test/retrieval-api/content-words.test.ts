import { expect, test } from "vitest";
import { contentWords, passageOf, presence } from "../../services/retrieval-api/retrieval/content-words.ts";

const wordsOf = (question: string): string[] => contentWords(question).map(({ text }) => text);

test.each([
  ["怎样上传文档？", ["上传", "文档"]],
  ["网关监听哪个端口？", ["网关", "监听", "端口"]],
  ["密匙丢了怎么办？", ["密匙", "丢了"]],
  ["What happens when I use the wrong port?", ["wrong", "port"]],
])("%s is about what is left without the words that every question has", (question, words) => {
  expect(wordsOf(question)).toEqual(words);
});

test("another word of the same meaning counts nearly as much as the word", () => {
  const passage = passageOf("A file may be at most 50 MB. 单个文件最大 50 MB。");
  const [biggest] = contentWords("biggest");
  const [mega] = contentWords("几兆");
  expect(presence(biggest!, passage)).toBeGreaterThan(0.8);
  expect(presence(mega!, passage)).toBeLessThan(1);
  expect(presence(contentWords("tungsten")[0]!, passage)).toBe(0);
});
