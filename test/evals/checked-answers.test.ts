import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { queryTerms } from "#shared/tokenize.ts";
import { attribute } from "../../services/retrieval-api/answer/attribute.ts";
import { resolveCitations } from "../../services/retrieval-api/answer/citations.ts";
import { createMarkerFilter } from "../../services/retrieval-api/answer/marker-filter.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";

/** An answer of a small model, and what a person found in it when reading it beside its evidence. */
type Checked = {
  readonly id: string;
  readonly evidence: readonly { readonly title: string; readonly text: string }[];
  readonly answer: string;
  /** Parts of the answer with a number that the evidence does not give for this. */
  readonly wrong_numbers: readonly string[];
  /** Sentences that the evidence bears out. */
  readonly right: readonly string[];
};

const checked = readFileSync("evals/checked/answers.jsonl", "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Checked);

const candidate = ({ title, text }: Checked["evidence"][number], i: number): Candidate => {
  const ids = { documentId: `d${i}`, versionId: `v${i}`, title };
  return {
    chunk: { id: `c${i}`, ...ids, headingPath: [], page: undefined, start: 0, end: Array.from(text).length, text },
    score: 1,
    ranks: { lexical: 1 },
    document: { ...ids, uri: title, collection: "default", salt: "", textCommitment: "", current: true },
  };
};

/** What a reader is shown of an answer: its text without dead markers, and which parts of it are not borne out. */
function shown({ evidence, answer }: Checked) {
  const filter = createMarkerFilter(evidence.length);
  const text = filter.push(answer).text + filter.end().text;
  const candidates = evidence.map(candidate);
  const marked = resolveCitations(text, candidates);
  const { citations, isPartlyUnsupported } = attribute(text, candidates, marked);
  const all = [...marked, ...citations];
  const isTold = (part: string): boolean => {
    const at = text.indexOf(part);
    const [start, end] = [Array.from(text.slice(0, at)).length, Array.from(text.slice(0, at + part.length)).length];
    const own = all.filter(({ answer }) => answer.start < end && answer.end > start);
    return own.length === 0 ? isPartlyUnsupported && isClaim(part) : own.some(({ verified }) => !verified);
  };
  return { text, isTold };
}

/** “The answer is no.” states nothing that could be borne out. */
const isClaim = (part: string): boolean => /\d/.test(part) || queryTerms(part).length >= 4;

const rate = (all: readonly { readonly told: boolean }[]): number => all.filter(({ told }) => told).length / all.length;

test("invented markers of the checked answers are not shown", () => {
  const alive = checked.flatMap((one) =>
    [...shown(one).text.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number) <= one.evidence.length),
  );
  expect(alive).not.toContain(false);
});

test("at least 95 % of the wrong numbers are told", () => {
  const parts = checked.flatMap((one) =>
    one.wrong_numbers.map((part) => ({ id: one.id, part, told: shown(one).isTold(part) })),
  );
  expect(
    rate(parts),
    JSON.stringify(
      parts.filter(({ told }) => !told),
      null,
      1,
    ),
  ).toBeGreaterThanOrEqual(0.95);
});

test("right sentences are not told, but for those in quite other words", () => {
  const told = checked.flatMap((one) => one.right.filter((part) => shown(one).isTold(part)));
  expect(told).toEqual([
    "Yes, there is a cap on how long your question can be.",
    "The answer is: 403.",
    "It cannot contain more than 8 MB of data",
  ]);
});
