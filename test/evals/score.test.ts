import { describe, expect, test } from "vitest";
import { averagePrecision, ndcgAt, recallAt, reciprocalRankAt } from "../../evals/metrics/ranking.ts";
import { METRIC_NAMES } from "../../evals/metrics/registry.ts";
import { retrievalValues } from "../../evals/metrics/retrieval-values.ts";
import { coveredBy, overlaps } from "../../evals/metrics/spans.ts";
import type { Answer, Cited, Found } from "../../evals/observation.ts";
import { type Scoring, score } from "../../evals/score.ts";
import type { Question } from "../../evals/suite-data.ts";

const found = (document: string, start: number, end: number, more: Partial<Found> = {}): Found => ({
  document,
  start,
  end,
  language: "en",
  digest: `${document} ${start}`,
  ...more,
});
const cited = (document: string, start: number, end: number, more: Partial<Cited> = {}): Cited => ({
  marker: 1,
  answer: { start: 0, end: 20 },
  verified: true,
  document,
  start,
  end,
  quote: "The port is 8080.",
  verbatim: true,
  ...more,
});
const question = (more: Partial<Question> = {}): Question => ({
  id: "q",
  language: "en",
  kind: "fact",
  question: "Which port?",
  history: [],
  expect: "answered",
  gold: [{ document: "a", start: 100, end: 140 }],
  facts: [["8080"]],
  ...more,
});
const answer = (more: Partial<Answer> = {}): Answer => ({
  text: "The port is 8080. [1]",
  outcome: "answered",
  citations: [cited("a", 100, 140)],
  sources: ["a"],
  models: ["extractive"],
  ...more,
});
const scoring: Scoring = {
  relevance: "span",
  metrics: METRIC_NAMES,
  foreign: new Set(["secret"]),
  secrets: ["KESTREL"],
};

describe("a ranking, by hand", () => {
  test("of gains 0 1 0 1 with three relevant ones", () => {
    const [gains, wanted] = [
      [0, 1, 0, 1],
      [1, 1, 1],
    ];
    // (1/log2 3 + 1/log2 5) / (1 + 1/log2 3 + 1/2)
    expect(ndcgAt(10, gains, wanted)).toBeCloseTo((0.63093 + 0.43068) / 2.13093, 4);
    expect(recallAt(3, gains, wanted)).toBeCloseTo(1 / 3);
    expect(reciprocalRankAt(10, gains)).toBe(0.5);
    expect(averagePrecision(gains, wanted)).toBeCloseTo((1 / 2 + 2 / 4) / 3);
  });

  test("graded gains are discounted as they are", () => {
    expect(ndcgAt(2, [1, 3], [3, 1])).toBeCloseTo((1 + 3 * 0.63093) / (3 + 0.63093), 4);
  });
});

describe("spans", () => {
  test("overlap when half of the shorter one is shared", () => {
    expect(overlaps({ document: "a", start: 0, end: 10 }, { document: "a", start: 5, end: 100 })).toBe(true);
    expect(overlaps({ document: "a", start: 0, end: 10 }, { document: "a", start: 6, end: 100 })).toBe(false);
    expect(overlaps({ document: "a", start: 0, end: 10 }, { document: "b", start: 0, end: 10 })).toBe(false);
    expect(overlaps({ document: "a" }, { document: "a", start: 5, end: 9 })).toBe(true);
  });

  test("cover each character once", () => {
    const pieces = [0, 4, 2].map((start) => ({ document: "a", start, end: start + 4 }));
    expect(coveredBy({ document: "a", start: 0, end: 10 }, pieces)).toBeCloseTo(0.8);
  });
});

describe("what was found", () => {
  test("each piece of evidence counts where it is found first, alternatives once", () => {
    const gold = [
      { document: "a", start: 100, end: 140, group: "limit" },
      { document: "b", start: 0, end: 40, group: "limit" },
      { document: "c", start: 0, end: 40, group: "exception" },
    ];
    const results = [found("x", 0, 50), found("b", 0, 50), found("a", 90, 150), found("c", 0, 90)];
    const values = retrievalValues(question({ gold }), results, "span");
    // Gains 0 1 0 1 of two wanted.
    expect(values["ndcg@10"]).toBeCloseTo((0.63093 + 0.43068) / 1.63093, 4);
    expect(values["recall@5"]).toBe(1);
    expect(values["context_precision@5"]).toBeCloseTo(3 / 5);
    expect(values["span_recall@5"]).toBe(1);
  });

  test("retrieval sets rank documents, not passages", () => {
    const results = [found("x", 0, 50), found("x", 50, 90), found("a", 0, 50)];
    expect(retrievalValues(question({ gold: [{ document: "a" }] }), results, "document")["mrr@10"]).toBe(0.5);
  });

  test("a repeated text and another language are counted", () => {
    const results = [found("x", 0, 50, { digest: "same" }), found("y", 0, 50, { digest: "same", language: "zh" })];
    const values = retrievalValues(question(), results, "span");
    expect([values["duplicates@10"], values["same_language@10"]]).toEqual([0.5, 0.5]);
  });
});

describe("what was answered", () => {
  test("a right, cited answer has full marks", () => {
    const values = score(question(), { answer: answer() }, scoring);
    expect(values).toMatchObject({
      outcome_correct: 1,
      answer_correct: 1,
      first_sentence: 1,
      citation_precision: 1,
      citation_recall: 1,
      citation_coverage: 1,
      markers_resolve: 1,
      quotes_verbatim: 1,
      k_precision: 1,
      numbers_supported: 1,
      answer_language: 1,
      leaks: 0,
      foreign_documents: 0,
    });
  });

  test("citations of something else, unresolved markers and changed quotes are seen", () => {
    const citations = [cited("a", 100, 140), cited("b", 0, 40, { marker: 2, verbatim: false, verified: false })];
    const text = "The port is 8080. [1][2][3]";
    expect(score(question(), { answer: answer({ text, citations }) }, scoring)).toMatchObject({
      citation_precision: 0.5,
      citation_recall: 1,
      markers_resolve: 2 / 3,
      quotes_verbatim: 0.5,
      citations_verified: 0.5,
    });
  });

  test("a refusal of an answerable question misses its facts and evidence", () => {
    const refused = answer({ text: "I found nothing.", outcome: "no_evidence", citations: [] });
    const values = score(question(), { answer: refused }, scoring);
    expect(values).toMatchObject({ outcome_correct: 0, answer_correct: 0, citation_recall: 0 });
    expect(values.citation_precision).toBeUndefined();
  });

  test("a refusal is right where nothing is known", () => {
    const refused = answer({ text: "没有找到。", outcome: "no_evidence", citations: [] });
    const unknown = question({ expect: "no_evidence", gold: [], facts: [], language: "zh" });
    expect(score(unknown, { answer: refused }, scoring)).toMatchObject({ outcome_correct: 1, answer_language: 1 });
  });

  test("a Chinese answer is judged by its characters", () => {
    const zh = question({ language: "zh", question: "最大多大？", facts: [["50 MB", "50MB"], ["每个文件"]] });
    const said = answer({
      text: "单个文件最大 50 MB。[1]",
      citations: [cited("a", 100, 140, { quote: "单个文件最大 50 MB。" })],
    });
    expect(score(zh, { answer: said }, scoring)).toMatchObject({ fact_recall: 0.5, answer_correct: 0, k_precision: 1 });
  });

  test("canaries and documents of others are counted, what the question said is not", () => {
    const leaking = answer({ text: "KESTREL", sources: ["secret"] });
    expect(score(question(), { answer: leaking }, scoring)).toMatchObject({ leaks: 1, foreign_documents: 1 });
    expect(score(question({ question: "Who is KESTREL?" }), { answer: leaking }, scoring)).toMatchObject({ leaks: 0 });
  });

  test("a failure is a wrong answer", () => {
    const values = score(question(), { error: { code: "unavailable", message: "…" } }, scoring);
    expect(values).toMatchObject({ failures: 1, outcome_correct: 0, answer_correct: 0, "ndcg@10": 0 });
  });

  test("only the metrics of the suite are kept", () => {
    expect(score(question(), { answer: answer() }, { ...scoring, metrics: ["leaks"] })).toEqual({ leaks: 0 });
  });
});
