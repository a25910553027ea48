import { expect, test } from "vitest";
import { messagesEn } from "../../services/retrieval-api/page/text/messages-en.ts";
import { messagesZh } from "../../services/retrieval-api/page/text/messages-zh.ts";

const KEYS = Object.keys(messagesEn) as (keyof typeof messagesEn)[];
const valuesOf = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).sort();

test("every text of the page is there in both languages", () => {
  expect(Object.keys(messagesZh).sort()).toEqual([...KEYS].sort());
  expect(KEYS.length).toBeGreaterThan(250);
  for (const key of KEYS) expect(messagesZh[key].trim(), key).not.toBe("");
});

test("a text has the same values in both languages", () => {
  for (const key of KEYS) {
    expect(valuesOf(messagesEn[key]), key).toEqual(valuesOf(messagesZh[key]));
  }
});

test("what is Chinese is in Chinese, and what is English is not", () => {
  const han = /\p{Script=Han}/u;
  expect(KEYS.filter((key) => han.test(messagesEn[key]))).toEqual([]);
  const namesOnly = new Set(["page.title", "lineage.withdrawnOne"]);
  expect(KEYS.filter((key) => !namesOnly.has(key) && !han.test(messagesZh[key]))).toEqual([]);
});
