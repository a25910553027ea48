import { expect, test } from "vitest";
import { headingsAskedFor, headingTerm } from "#shared/heading-terms.ts";

const asks = (question: string, heading: string): boolean =>
  headingsAskedFor(question).some(({ term }) => term === headingTerm(heading));

test.each([
  ["What is a Pod?", "Pods"],
  ["什么是 Pod？", "什么是 Pod？"],
  ["什么是节点？", "节点"],
  ["How do I delete a document?", "How to delete a document"],
  ["How do I upload a document?", "Document upload"],
])("“%s” asks for the passages under “%s”", (question, heading) => {
  expect(asks(question, heading)).toBe(true);
});

test("a heading about more than the question is not asked for", () => {
  expect(asks("What is a Pod?", "Pod failure policy")).toBe(false);
});

test("a heading that is the smaller part of a question is not asked for", () => {
  expect(asks("How does the scheduler choose nodes for pending pods?", "Pods")).toBe(false);
});

test("a heading of stop words alone or of many words has no term", () => {
  expect(headingTerm("What is it?")).toBeUndefined();
  expect(headingTerm("one two three four five six seven")).toBeUndefined();
});
