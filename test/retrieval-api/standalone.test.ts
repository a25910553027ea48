import { expect, test } from "vitest";
import { standaloneQuestion } from "../../services/retrieval-api/answer/standalone.ts";

test.each([
  ["How do I upload a document?", "And how do I delete it?", "how do I delete the document?"],
  ["How hot is green tea steeped?", "What about black tea?", "How hot is black tea steeped?"],
  ["Which port does the retrieval API use?", "And the ingestion API?", "Which port does the ingestion API use?"],
  ["怎样上传文档？", "那怎么删除它呢？", "那怎么删除文档呢？"],
  ["怎样上传文档？", "那怎么删除呢？", "怎么删除文档？"],
  ["如何创建密钥？", "那吊销呢？", "如何吊销密钥？"],
  ["How do I upload a document?", "Which port does the gateway listen on?", "Which port does the gateway listen on?"],
])("after “%s”, “%s” asks “%s”", (before, question, standalone) => {
  expect(standaloneQuestion(question, [before])).toBe(standalone);
});
