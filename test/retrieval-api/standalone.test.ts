import { expect, test } from "vitest";
import { standaloneQuestion } from "../../services/retrieval-api/answer/standalone.ts";

test.each([
  ["How do I upload a document?", "And how do I delete it?", "how do I delete the document?"],
  ["怎样上传文档？", "那怎么删除它呢？", "那怎么删除文档呢？"],
  ["怎样上传文档？", "那怎么删除呢？", "怎么删除文档？"],
  ["如何创建密钥？", "那吊销呢？", "如何吊销密钥？"],
  ["How do I upload a document?", "Which port does the gateway listen on?", "Which port does the gateway listen on?"],
])("after “%s”, “%s” asks “%s”", (before, question, standalone) => {
  expect(standaloneQuestion(question, [before])).toBe(standalone);
});
