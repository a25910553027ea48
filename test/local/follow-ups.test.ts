import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Completion, type LocalApp, openLocal, textOf } from "../helpers/local.ts";

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({ folder: join(import.meta.dirname, "../../docs") });
});
afterAll(() => app.close());

type Case = { first: string; next: string; says: RegExp; page: RegExp };
const CASES: Case[] = [
  {
    first: "How do I upload a document?",
    next: "And how do I delete it?",
    says: /delete/i,
    page: /en\/(ingest|documents-api)\.md$/,
  },
  { first: "如何上传文档？", next: "那怎么删除它呢？", says: /删除/, page: /zh\/(ingest|documents-api)\.md$/ },
];

function check(answer: Completion, { says, page }: Case): void {
  expect(answer.outcome).toBe("answered");
  expect(textOf(answer)).toMatch(says);
  expect(answer.citations[0]?.source.uri).toMatch(page);
  expect(answer.citations[0]?.source.quote).toMatch(says);
}

test.for(CASES)("“$next” after “$first” finds the right page by the messages before", async (one) => {
  const answer = await app.ask(one.first);
  expect(answer.outcome).toBe("answered");
  const messages = [
    { role: "user", content: one.first },
    { role: "assistant", content: textOf(answer) },
    { role: "user", content: one.next },
  ];
  check((await (await app.send("/v1/chat/completions", { model: "cairn", messages })).json()) as Completion, one);
});

test.for(CASES)("“$next” after “$first” finds the right page by the kept conversation", async (one) => {
  const before = await app.ask(one.first);
  const cairn = { conversation_id: before.lineage.conversation_id };
  const answer = await app.ask(one.next, { cairn });
  check(answer, one);
  expect(answer.lineage.conversation_id).toBe(before.lineage.conversation_id);
  const kept = await (await app.send(`/v1/conversations/${cairn.conversation_id}`)).json();
  const messages = [
    { role: "user", content: one.first },
    { role: "assistant", content: textOf(before), withheld: false, answer_id: before.lineage.id },
    { role: "user", content: one.next },
    { role: "assistant", content: textOf(answer), withheld: false, answer_id: answer.lineage.id },
  ];
  expect(kept).toMatchObject({ title: one.first, messages });
});

test("without the question before, nobody can know what “it” is", async () => {
  const alone = await app.ask("And how do I delete it?");
  const followed = await app.ask("And how do I delete it?", {
    messages: [
      { role: "user", content: "What is a conversation?" },
      { role: "assistant", content: "A series of turns." },
      { role: "user", content: "And how do I delete it?" },
    ],
  });
  expect(textOf(followed)).toMatch(/conversation/i);
  expect(followed.citations[0]?.source.uri).toMatch(/conversations\.md$/);
  expect(alone.lineage.id).not.toBe(followed.lineage.id);
});
