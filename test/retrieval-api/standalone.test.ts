import { expect, test } from "vitest";
import { standaloneQuestion } from "../../services/retrieval-api/answer/standalone.ts";

test.each([
  ["How do I upload a document?", "And how do I delete it?", "how do I delete the document?"],
  ["How hot is green tea steeped?", "What about black tea?", "How hot is black tea steeped?"],
  ["Which port does the retrieval API use?", "And the ingestion API?", "Which port does the ingestion API use?"],
  ["怎样上传文档？", "那怎么删除它呢？", "那怎么删除文档呢？"],
  ["怎样上传文档？", "那怎么删除呢？", "怎么删除文档？"],
  ["如何创建密钥？", "那吊销呢？", "如何吊销密钥？"],
  ["What is a circuit breaker in the gateway?", "and how does it close?", "how does the circuit breaker close?"],
  ["How do I turn on API keys?", "Where do I find the first one?", "Where do I find the first API keys?"],
  ["Does the gateway store the answers?", "For how long are they kept?", "For how long are the answers kept?"],
  ["How can a file be uploaded?", "How big may it be?", "How big may the file be?"],
  ["How do I list the jobs?", "How do I retry a failed one?", "How do I retry a failed jobs?"],
  ["网关的熔断器什么时候打开？", "那怎么才会关上？", "怎么才会关上网关的熔断器？"],
  ["How do I see which documents there are?", "How do I see a single one?", "How do I see a single documents?"],
  ["网关默认在哪个端口？", "怎么改成别的？", "怎么改成别的端口？"],
  ["怎么列出我的会话？", "其中一个不要了，怎么去掉？", "会话不要了，怎么去掉？"],
  ["怎么创建密钥？", "怎么备份数据？", "怎么备份数据？"],
  ["备份怎么做？", "那恢复呢？", "怎么恢复备份？"],
  ["How do I upload a document?", "Which port does the gateway listen on?", "Which port does the gateway listen on?"],
])("after “%s”, “%s” asks “%s”", (before, question, standalone) => {
  expect(standaloneQuestion(question, [before])).toBe(standalone);
});
