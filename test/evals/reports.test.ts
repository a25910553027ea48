import { describe, expect, test } from "vitest";
import type { Baseline } from "../../evals/gate/baseline.ts";
import type { Decision } from "../../evals/gate/verdict.ts";
import { htmlReport } from "../../evals/report/html-report.ts";
import { judgedQuestions } from "../../evals/report/judged.ts";
import { junitReport } from "../../evals/report/junit-report.ts";
import { markdownReport } from "../../evals/report/markdown-report.ts";
import { operationsOf } from "../../evals/report/operations.ts";
import { reliabilityBins } from "../../evals/report/reliability-plot.ts";
import { sourceExcerpts } from "../../evals/report/source-excerpt.ts";
import type { QuestionResult, Results } from "../../evals/results.ts";

const TEXT = "单个文件最大 50 MB。 <script>alert(1)</script> & more.";
const question = (id: string, more: Partial<QuestionResult> = {}): QuestionResult => ({
  id,
  language: "zh",
  kind: "short_fact",
  question: "多大 | <b>?",
  history: [],
  expect: "answered",
  gold: [{ document: "limits.md", start: 0, end: 13, quote: "单个文件最大 50 MB。" }],
  facts: [["50 MB"]],
  observation: {
    results: [{ document: "limits.md", start: 0, end: 40, language: "zh", digest: "x" }],
    answer: {
      text: "单个文件最大 50 MB。 [1] <img src=x>",
      outcome: "answered",
      citations: [
        {
          marker: 1,
          answer: { start: 0, end: 13 },
          verified: true,
          document: "limits.md",
          start: 0,
          end: 13,
          quote: "单个文件最大 50 MB。",
          verbatim: true,
        },
      ],
      sources: ["limits.md"],
      models: ["m"],
      support: 0.75,
    },
  },
  values: { answer_correct: 1, support_auroc: 0.75 },
  ...more,
});
const secret = question("zh-2", { values: { answer_correct: 0, leaks: 1 } });
const results: Results = {
  format: "cairn-evals/1",
  seed: 1,
  release: { name: "default", digest: "abcdef0123456789" },
  code: { revision: "0123456789abcdef", changed: true },
  suites: [
    {
      name: "shipped",
      description: "Ours",
      tier: "critical",
      status: "run",
      fingerprint: { suite: "", documents: "", questions: "" },
      releases: [],
      logLeaks: 0,
      questions: [question("zh-1"), secret],
    },
    { name: "squad", description: "", tier: "supporting", status: "skipped", reason: "no data at <nowhere>" },
  ],
};
const timings = {
  shipped: { cost: 1.5, questions: [1, 2, 3, 100].map((chatMs) => ({ id: `q${chatMs}`, chatMs, retries: 1 })) },
};
const run = { results, timings, texts: new Map([["shipped", new Map([["limits.md", TEXT]])]]) };
const gate = {
  suite: "shipped",
  metric: "answer_correct",
  language: "zh",
  slice: "",
  count: 2,
  value: 0.5,
  bound: 0.9,
} as const;
const decision: Decision = {
  verdict: "NO-GO",
  reasons: ["shipped · zh · answer_correct 0.500 is below the floor of 0.900"],
  notes: ["squad: skipped"],
  gates: [
    { ...gate, verdict: "fail", broken: "bound", reason: 'is "below" <the> floor' },
    { ...gate, verdict: "pass" },
  ],
};
const before: Baseline = {
  name: "baseline",
  fingerprint: { suite: "", documents: "", questions: "" },
  release: "",
  questions: new Map([
    ["zh-1", { values: { answer_correct: 1 }, outcome: "answered", text: "50 MB" }],
    ["zh-2", { values: { answer_correct: 1 }, outcome: "answered", text: "before | it was right" }],
  ]),
};
const baselineOf = (name: string) => (name === "shipped" ? before : undefined);
const judged = judgedQuestions(results, timings, baselineOf);

test("what got worse comes first", () => {
  expect(judged.map(({ question, flip, right }) => [question.id, flip, right])).toEqual([
    ["zh-2", "worse", false],
    ["zh-1", undefined, true],
  ]);
});

describe("report.md", () => {
  const text = markdownReport(run, decision, judged, baselineOf);
  test("says the verdict, why, and how figures moved", () => {
    expect(text).toMatch(/^## Evaluation: NO-GO\n/);
    expect(text).toContain("- shipped · zh · answer_correct 0.500 is below the floor of 0.900");
    expect(text).toContain("| answer_correct | 0.500 ▼ from 1.000 |");
    expect(text).toContain("| shipped | answer | 4 | 2 | 100 | 0 + 0 | 1.50 | 4 |");
  });
  test("shows answers that got worse side by side, and none that gives secrets away", () => {
    expect(text).toContain("### 1 answers got worse, 0 got better");
    expect(text).toContain(
      "| shipped zh-2 | 多大 \\| &lt;b>? | before \\| it was right | (withheld: it gives away 1 secrets) |",
    );
  });
});

test("junit.xml has a case for each gate and says which suites were skipped", () => {
  const text = junitReport(results, decision);
  expect(text).toContain('<testsuite name="shipped" tests="2" failures="1" skipped="0">');
  expect(text).toContain('<failure type="NO-GO" message="is &quot;below&quot; &lt;the&gt; floor"/>');
  expect(text).toContain('<skipped message="no data at &lt;nowhere&gt;"/>');
});

describe("report.html", () => {
  const page = htmlReport({ run, decision, judged, baselineOf, threshold: 0.42 });
  test("needs nothing but itself", () => {
    expect(page).not.toMatch(/<[^>&]*\s(src=|href="(?!#))|@import|url\(/);
    expect(page).not.toMatch(/: HTML\w*Element/);
  });
  test("shows texts of documents and models as text", () => {
    expect(page).toContain("&lt;img src=x&gt;");
    expect(page).not.toContain("<img");
    expect(page.match(/<script>/g)).toHaveLength(1);
  });
  test("shows another run's figures and its answer, markers and all, beside its own", () => {
    const citations = [{ ...question("a").observation.answer!.citations[0]!, marker: 1, verified: false }];
    const other: Baseline = {
      ...before,
      name: "with-a-model",
      questions: new Map([
        ["zh-1", { values: { answer_correct: 0 }, outcome: "partial", text: "80 MB [1]", citations }],
      ]),
    };
    const beside = (name: string) => (name === "shipped" ? other : undefined);
    const own = judgedQuestions(results, timings, beside);
    const text = htmlReport({ run, decision, judged: own, baselineOf: beside, threshold: 0.42 });
    expect(text).toContain('<th class="then">with-a-model</th>');
    expect(text).toContain('<td class="then">0.000</td>');
    expect(text).toContain('80 MB <span class="marker unverified" title="unverified">[1]</span>');
    expect(text).toMatch(/Answered by [a-z0-9-]+ 2\./);
  });
  test("marks what was cited and what is evidence in the source, and withholds what leaks", () => {
    expect(page).toContain('<mark class="cited gold">单个文件最大 50 MB。</mark>');
    expect(page).toContain('<span class="fact said">✓ 50 MB</span>');
    expect(page).toContain("(withheld: it gives away 1 secrets)");
    expect(page.split('<p class="answer">单个文件')).toHaveLength(2);
  });
});

test("excerpts mark by code points and join where they meet", () => {
  const text = `${"😀".repeat(300)}cited and gold${"x".repeat(300)}`;
  const marks = [
    { document: "a", start: 300, end: 305, kind: "cited" as const },
    { document: "a", start: 310, end: 314, kind: "gold" as const },
  ];
  const [excerpt, ...more] = sourceExcerpts(text, marks);
  expect(more).toEqual([]);
  expect(excerpt!.html).toContain('😀<mark class="cited">cited</mark> and <mark class="gold">gold</mark>x');
  expect(excerpt!.html).toMatch(/^<p class="excerpt">…😀.*x…<\/p>$/);
});

test("the reliability of refusing is counted by tenths of the score", () => {
  const unknown = question("n", { expect: "no_evidence" });
  expect(reliabilityBins([question("a"), question("b"), unknown])).toEqual([{ from: 0.7, count: 3, answerable: 2 }]);
});

test("percentiles are values that were measured", () => {
  expect(operationsOf(timings.shipped)).toEqual([{ name: "answer", requests: 4, p50: 2, p95: 100, max: 100 }]);
});
