import { globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";

/** Questions that the README and the handbook tell a newcomer to ask. Follow-ups and placeholders stand for others. */
const ASKED = /(?:cairn ask|"content": ?|\bcontent: |invoke\()\s*"([^"]{4,})"/g;
const FOLLOW_UP = /^(And |那)/;
const questionsOf = (files: string): string[] => [
  ...new Set(
    globSync(files)
      .flatMap((file) => [...readFileSync(file, "utf8").matchAll(ASKED)].map(([, question]) => question!))
      .filter((question) => !FOLLOW_UP.test(question)),
  ),
];

const QUESTIONS = ["README.md", "docs/en/*.md", "docs/zh/*.md"].flatMap(questionsOf);

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({ folder: "docs" });
}, 60_000);
afterAll(() => app.close());

test("there are examples in both languages", () => {
  expect(QUESTIONS.filter((question) => /\p{Script=Han}/u.test(question)).length).toBeGreaterThan(3);
  expect(QUESTIONS.filter((question) => /[a-z]/.test(question)).length).toBeGreaterThan(3);
});

test.each(QUESTIONS)("the handbook answers its own example: %s", async (question) => {
  const answer = await app.ask(question);
  expect(answer.outcome).toBe("answered");
  expect(answer.citations.length).toBeGreaterThan(0);
});
