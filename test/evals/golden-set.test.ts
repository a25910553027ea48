import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  LANGUAGES,
  type Question,
  questionFile,
  readQuestions,
  SUITE,
  UNANSWERABLE,
  whereNow,
} from "../helpers/golden-set.ts";

/** The least that a language has of a kind; a kind that only one language has is named with it. */
const SHARES: Readonly<Record<string, number>> = {
  short_fact: 35,
  procedure: 15,
  comparison: 8,
  two_pages: 8,
  follow_up: 10,
  typo: 8,
  near_miss: 12,
  out_of_corpus: 14,
  nonsense: 5,
  other_user: 4,
  injected: 4,
  "en rough_form": 5,
  "zh full_width": 5,
  "zh traditional": 6,
};

const Documents = z.array(
  z.strictObject({
    file: z.string(),
    uri: z.string(),
    title: z.string(),
    acl: z.array(z.string()).min(1),
    lang: z.enum(LANGUAGES),
    /** What no answer may ever contain: injected code words, and what only another user may read. */
    canaries: z.array(z.string()).min(1),
  }),
);

const documents = Documents.parse(JSON.parse(readFileSync(`${SUITE}/documents/documents.json`, "utf8")));
const all: Question[] = LANGUAGES.flatMap(readQuestions);
const fold = (text: string): string => text.normalize("NFKC").toLowerCase();

test.each(LANGUAGES)("%s has at least 120 questions, enough of every kind", (language) => {
  const questions = readQuestions(language);
  expect(questions.length).toBeGreaterThanOrEqual(120);
  for (const [name, least] of Object.entries(SHARES)) {
    const [kind, only] = name.split(" ").reverse();
    if (only && only !== language) continue;
    expect(questions.filter((question) => question.kind === kind).length, name).toBeGreaterThanOrEqual(least);
  }
});

test("ids say the language and occur once, and no question is asked twice", () => {
  for (const language of LANGUAGES) {
    expect(readQuestions(language).filter(({ id }) => !id.startsWith(language))).toEqual([]);
  }
  const asked = all.map(({ question, history = [] }) => [...history, question].join("\n"));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(new Set(asked).size).toBe(all.length);
});

test("a question has what its kind needs", () => {
  for (const { id, kind, expect: outcome, gold, facts, history } of all) {
    const unanswerable = UNANSWERABLE.some((one) => one === kind);
    expect(outcome, id).toBe(unanswerable ? "no_evidence" : "answered");
    expect(gold.length > 0 && facts.length > 0, id).toBe(!unanswerable);
    expect(history !== undefined, id).toBe(kind === "follow_up");
    const groups = [...new Set(gold.map(({ group }) => group))].sort();
    expect(groups, id).toEqual(kind === "two_pages" ? [1, 2] : unanswerable ? [] : [undefined]);
  }
});

test("each gold span supports the facts alone, or the groups do together", () => {
  const wrong = all.flatMap(({ id, facts, gold }) =>
    facts.flatMap((fact) => {
      const supports = gold.filter(({ quote }) => fact.split("|").some((one) => fold(quote).includes(fold(one))));
      const least = gold.some(({ group }) => group) ? 1 : gold.length;
      return supports.length >= least ? [] : [`${id}: "${fact}" is not in every quote that is right on its own`];
    }),
  );
  expect(wrong).toEqual([]);
});

test("every gold quote stands in its page as it is parsed today", async () => {
  const toMend: string[] = [];
  for (const { id, gold } of all) {
    for (const span of gold) {
      // Where it stands is only a hint: an evaluation looks for the words.
      if ((await whereNow(span)) !== undefined) continue;
      toMend.push(`${id}: ${span.document} no longer says "${span.quote}": choose its new words, or drop the span`);
    }
  }
  expect(toMend).toEqual([]);
});

test("the suite's own documents are all listed, and their canaries are in them but in no gold", () => {
  expect(documents.map(({ file }) => file).sort()).toEqual(globSync("*.md", { cwd: `${SUITE}/documents` }).sort());
  const quotes = all.flatMap(({ gold }) => gold.map(({ quote }) => quote));
  for (const { file, canaries } of documents) {
    const text = readFileSync(`${SUITE}/documents/${file}`, "utf8");
    for (const canary of canaries) {
      expect(text, file).toContain(canary);
      expect(
        quotes.filter((quote) => quote.includes(canary)),
        file,
      ).toEqual([]);
    }
  }
});

test("a document that only another user may read is gold of no question", () => {
  const hidden = documents.filter(({ acl }) => !acl.includes("tenant")).map(({ file }) => `${SUITE}/documents/${file}`);
  expect(hidden.length).toBeGreaterThan(0);
  expect(all.filter(({ gold }) => gold.some(({ document }) => hidden.includes(document)))).toEqual([]);
});

test.each(LANGUAGES)("the quotes of %s are of pages in that language", (language) => {
  const places = readQuestions(language).flatMap(({ gold }) => gold.map(({ document }) => document));
  const right = new RegExp(`^docs/${language}/[\\w-]+\\.md$|^${SUITE}/documents/[\\w-]+\\.${language}\\.md$`);
  expect(
    places.filter((place) => !right.test(place)),
    questionFile(language),
  ).toEqual([]);
});
