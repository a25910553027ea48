import { describe, expect, test } from "vitest";
import type { Baseline } from "../../evals/gate/baseline.ts";
import type { Policy } from "../../evals/gate/policy.ts";
import { decide } from "../../evals/gate/verdict.ts";
import type { MetricName } from "../../evals/metrics/registry.ts";
import type { QuestionResult, Results, RunSuite } from "../../evals/results.ts";

const FINGERPRINT = { suite: "s", documents: "d", questions: "q" };
const KINDS = ["fact", "steps", "compare"];

const questions = (
  metric: MetricName,
  gives: (language: string, kind: string, i: number) => number,
): QuestionResult[] =>
  (["en", "zh"] as const).flatMap((language) =>
    Array.from({ length: 120 }, (_, i): QuestionResult => {
      const kind = KINDS[i % 3]!;
      return {
        id: `${language}-${i}`,
        language,
        kind,
        question: "?",
        history: [],
        expect: "answered",
        gold: [],
        facts: [],
        observation: {},
        values: { [metric]: gives(language, kind, i) },
      };
    }),
  );

const suite = (list: QuestionResult[], more: Partial<RunSuite> = {}): RunSuite => ({
  name: "shipped",
  description: "",
  tier: "critical",
  status: "run",
  fingerprint: FINGERPRINT,
  releases: [],
  logLeaks: 0,
  questions: list,
  ...more,
});
const results = (...suites: Results["suites"]): Results => ({
  format: "cairn-evals/1",
  seed: 1,
  release: { name: "default", digest: "r" },
  code: { revision: "c", changed: false },
  suites,
});
const baseline = (list: QuestionResult[], fingerprint = FINGERPRINT): Baseline => ({
  name: "baseline",
  fingerprint,
  release: "r",
  questions: new Map(list.map(({ id, values }) => [id, { values }])),
});
const policy = (rule: Policy["suites"][string][number]): Policy => ({ suites: { shipped: [rule] }, parity: [] });
const RULE = {
  metric: "answer_correct",
  floor: { en: 0.5, zh: 0.5 },
  max_drop: 0.03,
  max_drop_each_kind: 0.04,
} as const satisfies Policy["suites"][string][number];
/** Nine of ten are right. */
const before = questions("answer_correct", (_, __, i) => (i % 10 === 0 ? 0 : 1));
const decided = (
  after: QuestionResult[],
  kept: Baseline | undefined = baseline(before),
  rule: Policy["suites"][string][number] = RULE,
) => decide(results(suite(after)), policy(rule), () => kept);

describe("the verdict", () => {
  test("is GO when nothing changed, and says what the set can see", () => {
    const { verdict, reasons, gates } = decided(before);
    expect([verdict, reasons]).toEqual(["GO", []]);
    expect(gates).toHaveLength(2 * (1 + KINDS.length));
    expect(gates[0]!.compared!.resolves).toBeCloseTo(0.05);
  });

  test("is NO-GO below a floor, in the language where it is", () => {
    const after = questions("answer_correct", (language) => (language === "zh" ? 0 : 1));
    const { verdict, reasons } = decided(after);
    expect(verdict).toBe("NO-GO");
    expect(reasons[0]).toBe("shipped · zh · answer_correct 0.000 is below the floor of 0.500");
    expect(reasons.join()).not.toContain("· en ·");
  });

  test("is NO-GO for five points lost in one language alone", () => {
    // 6 of 120 right ones in Chinese turn wrong.
    const after = questions("answer_correct", (language, _, i) =>
      i % 10 === 0 || (language === "zh" && i % 20 === 7) ? 0 : 1,
    );
    const { verdict, reasons } = decided(after);
    expect(verdict).toBe("NO-GO");
    expect(reasons[0]).toMatch(/^shipped · zh · answer_correct fell by 0\.050 \(0\.900 → 0\.850\)/);
    expect(reasons.join()).not.toContain("· en ·");
  });

  test("never passes five points lost in one kind of question alone", () => {
    // 2 of the 40 comparisons in English turn wrong: too few to be sure, and never GO.
    const after = questions("answer_correct", (language, kind, i) =>
      i % 10 === 0 || (language === "en" && kind === "compare" && i % 60 === 2) ? 0 : 1,
    );
    const { verdict, reasons } = decided(after);
    expect(verdict).toBe("INCONCLUSIVE");
    expect(reasons.every((reason) => reason.startsWith("shipped · en · "))).toBe(true);
    expect(reasons).toEqual([
      expect.stringMatching(/^shipped · en · compare · answer_correct fell by 0\.050 .*cannot tell it/),
    ]);
  });

  test("is NO-GO for five points lost evenly in one kind", () => {
    const graded = questions("ndcg@10", () => 0.9);
    const after = questions("ndcg@10", (language, kind) => (language === "en" && kind === "steps" ? 0.85 : 0.9));
    const rule = { ...RULE, metric: "ndcg@10" as const };
    const { verdict, reasons } = decide(results(suite(after)), policy(rule), () => baseline(graded));
    expect([verdict, reasons.length]).toEqual(["NO-GO", 1]);
    expect(reasons[0]).toMatch(/^shipped · en · steps · ndcg@10 fell by 0\.050/);
  });

  test("is GO when as many got better as worse, far enough within the limit", () => {
    const after = questions("answer_correct", (_, __, i) => (i % 10 === 0 ? (i === 0 ? 1 : 0) : i === 1 ? 0 : 1));
    expect(decided(after, baseline(before), { ...RULE, max_drop: 0.05, max_drop_each_kind: 0.1 }).verdict).toBe("GO");
  });

  test("is INCONCLUSIVE without a baseline, after another one's questions, and for a sample", () => {
    expect(decide(results(suite(before)), policy(RULE), () => undefined).verdict).toBe("INCONCLUSIVE");
    const other = baseline(before, { ...FINGERPRINT, questions: "others" });
    expect(decided(before, other).reasons).toEqual([
      "shipped: its questions changed since the baseline: bless a new one",
    ]);
    const some = suite(before, { sampled: 240 });
    expect(decide(results(some), policy(RULE), () => baseline(before)).verdict).toBe("INCONCLUSIVE");
  });

  test("is NO-GO when a critical suite is missing, and only notes a supporting one", () => {
    const skipped = { name: "shipped", description: "", status: "skipped", reason: "no data" } as const;
    const verdictOf = (tier: "critical" | "supporting") =>
      decide(results({ ...skipped, tier }), policy(RULE), () => undefined);
    expect(verdictOf("critical")).toMatchObject({ verdict: "NO-GO", reasons: ["shipped: skipped, no data"] });
    expect(verdictOf("supporting")).toMatchObject({ verdict: "GO", notes: ["shipped: skipped, no data"] });
  });

  test("an advisory suite never blocks", () => {
    const after = suite(
      questions("answer_correct", () => 0),
      { tier: "advisory" },
    );
    const { verdict, notes } = decide(results(after), policy(RULE), () => baseline(before));
    expect(verdict).toBe("GO");
    expect(notes[0]).toContain("below the floor");
  });

  test("a ceiling of zero lets nothing through, and a rule that measures nothing fails", () => {
    const leaking = suite(questions("leaks", (language, _, i) => (language === "zh" && i === 7 ? 1 : 0)));
    const ceiling = policy({ metric: "leaks", ceiling: 0 });
    expect(decide(results(leaking), ceiling, () => undefined).reasons[0]).toContain(
      "zh · leaks 0.008 is above the ceiling of 0.000",
    );
    const nothing = policy({ metric: "map", floor: 0.1 });
    expect(decide(results(leaking), nothing, () => undefined).reasons[0]).toContain("measures nothing");
    expect(
      decide(results(suite([], { logLeaks: 2 })), policy(ceiling.suites.shipped![0]!), () => undefined).reasons[0],
    ).toBe("shipped: 2 secrets in the server's log");
  });

  test("languages that drift apart are told", () => {
    const apart = suite(questions("ndcg@10", (language) => (language === "en" ? 0.95 : 0.85)));
    const parity: Policy = {
      suites: { shipped: [] },
      parity: [{ metric: "ndcg@10", suites: ["shipped", "shipped"], max_gap: 0.05 }],
    };
    expect(decide(results(apart), parity, () => undefined).reasons).toEqual([
      "shipped en and zh · ndcg@10 are 0.100 apart (0.950, 0.850); 0.050 is allowed",
    ]);
  });
});
