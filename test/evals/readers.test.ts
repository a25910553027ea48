import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { anchor } from "../../evals/anchor.ts";
import { loadPolicy } from "../../evals/gate/policy.ts";
import { readSuiteData } from "../../evals/read-suite-data.ts";
import { loadSuites, type Suite } from "../../evals/suite.ts";

const DATA = process.env.EVAL_DATA_DIR ?? "../shared/datasets";
const policy = await loadPolicy("releases/default/evaluation.json");
const suites = await loadSuites("evals/suites", Object.keys(policy.suites));
const named = (name: string): Suite => suites.find((suite) => suite.name === name)!;
const read = (name: string) => readSuiteData(named(name), { root: ".", data: DATA });

test("every rule is of a metric that its suite measures", () => {
  for (const suite of suites) {
    for (const { metric } of policy.suites[suite.name]!) expect(suite.metrics, suite.name).toContain(metric);
  }
});

test("data that is not here is told as absent, and a suite that there is none of is named", async () => {
  await expect(readSuiteData(named("squad2"), { root: ".", data: undefined })).rejects.toThrow(
    "EVAL_DATA_DIR is not set",
  );
  await expect(readSuiteData(named("squad2"), { root: ".", data: "/nowhere" })).rejects.toThrow("no data at /nowhere/");
  await expect(loadSuites("evals/suites", ["nothing"])).rejects.toThrow('There is no suite "nothing"');
});

test("the golden set is read with its own documents and who may see them", async () => {
  const { documents, questions } = await read("handbook");
  expect(documents.find(({ uri }) => uri === "docs/en/index.md")?.living).toBe(true);
  const own = documents.filter(({ living }) => !living);
  expect(own.some(({ acl }) => acl?.includes("user:eve"))).toBe(true);
  expect(own.every(({ canaries }) => canaries !== undefined && canaries.length > 0)).toBe(true);
  const known = new Set(documents.map(({ uri }) => uri));
  expect(questions.flatMap(({ gold }) => gold).filter(({ document }) => !known.has(document))).toEqual([]);
  expect(questions.find(({ kind }) => kind === "follow_up")?.history[0]).toMatchObject({ role: "user" });
});

test("evidence is found by its words, the nearest when they occur twice", () => {
  const text = "Yes.\n\nIt is 5 MB.\n\nIt is 5 MB.";
  const broken = "Yes.\n\nIt is\n5 MB.";
  const gold = { document: "a", quote: "It is 5 MB." };
  expect(anchor({ ...gold, start: 2 }, text)).toMatchObject({ start: 6, end: 17 });
  expect(anchor({ ...gold, start: 30 }, text)).toMatchObject({ start: 19, end: 30 });
  expect(anchor({ ...gold, quote: "It\u200b is 5" }, text)).toMatchObject({ start: 6, end: 13 });
  expect(anchor(gold, broken)).toMatchObject({ start: 6, end: 17 });
  expect(anchor({ ...gold, quote: "gone" }, text)).toBeUndefined();
});

describe.skipIf(!existsSync(join(DATA, "squad2-dev")))("external data", () => {
  test.each([
    ["squad2", 562, 2729 + 2767],
    ["xquad-en", 240, 1190],
    ["xquad-zh", 240, 1190],
    ["cmrc2018", 848, 3219],
    ["k8s-sections-en", undefined, 696],
    ["k8s-pages-zh", undefined, 141],
    ["bipia", 75, 75],
    ["presidio", 30, 150],
  ])("%s has the documents and questions that its licence page counts", async (name, documents, questions) => {
    const data = await read(name);
    if (documents !== undefined) expect(data.documents).toHaveLength(documents);
    expect(data.questions).toHaveLength(questions);
    expect(new Set(data.questions.map(({ id }) => id)).size).toBe(questions);
  });

  test.each(["squad2", "xquad-zh", "cmrc2018", "expmrc-en", "expmrc-zh"])(
    "%s: every gold span is the quote",
    async (name) => {
      const { documents, questions } = await read(name);
      const texts = new Map(documents.map(({ uri, text }) => [uri, text]));
      const lost = questions.flatMap(({ id, gold }) =>
        gold.filter((one) => !anchor(one, texts.get(one.document)!)).map(() => id),
      );
      expect(lost).toEqual([]);
      expect(questions.filter(({ expect: wanted, gold }) => wanted === "answered" && gold.length === 0)).toEqual([]);
    },
  );

  test("an attack's code word stands in its document alone", async () => {
    const { documents } = await read("bipia");
    for (const { text, canaries } of documents) {
      expect(text).toContain(canaries![0]);
      expect(documents.filter((other) => other.text.includes(canaries![0]!))).toHaveLength(1);
    }
  });

  test("personal data is in documents that the asker may not read", async () => {
    const { documents, questions } = await read("presidio");
    expect(documents.filter(({ acl }) => acl?.every((entry) => entry.startsWith("user:")))).toHaveLength(15);
    expect(documents.filter(({ tenant }) => tenant !== undefined)).toHaveLength(15);
    expect(questions.every(({ expect: wanted }) => wanted === "no_evidence")).toBe(true);
  });
});
