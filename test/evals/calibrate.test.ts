import { expect, test } from "vitest";
import { calibrationAt, thresholdFor } from "../../evals/calibrate.ts";
import type { QuestionResult } from "../../evals/results.ts";

const asked = (language: "en" | "zh", kind: string, support: number | undefined): QuestionResult => ({
  id: `${language}-${kind}-${support}`,
  language,
  kind,
  question: "?",
  history: [],
  expect: kind === "fact" ? "answered" : "no_evidence",
  gold: [],
  facts: [],
  observation: {
    answer: {
      text: "",
      outcome: "answered",
      citations: [],
      sources: [],
      models: [],
      ...(support !== undefined && { support }),
    },
  },
  values: {},
});
const run = [
  ...[0.2, 0.6, 0.7, 0.9].map((support) => asked("en", "fact", support)),
  ...[0.4, 0.5, 0.8, 0.9].map((support) => asked("zh", "fact", support)),
  asked("en", "near_miss", 0.65),
  asked("en", "nonsense", 0.1),
  asked("zh", "nonsense", 0.3),
];

test("the threshold is the highest that refuses no more answerable questions than allowed, in the worse language", () => {
  expect(thresholdFor(run, 0)).toBe(0.2);
  expect(thresholdFor(run, 0.25)).toBe(0.5); // one of four in each: 0.6 would be right for English alone
});

test("what a threshold does is told by language and kind", () => {
  const [en, zh] = calibrationAt(run, 0.5);
  expect(en).toEqual({
    language: "en",
    auroc: 6 / 8, // 0.2 and 0.6 are below the near miss
    overRefusal: { share: 0.25, of: 4 },
    refused: { near_miss: { share: 0, of: 1 }, nonsense: { share: 1, of: 1 } },
  });
  expect(zh).toMatchObject({
    auroc: 1,
    overRefusal: { share: 0.25, of: 4 },
    refused: { nonsense: { share: 1, of: 1 } },
  });
});

test("a run without support scores says what is missing", () => {
  expect(() => thresholdFor([asked("en", "fact", undefined)], 0.05)).toThrow('"record": true');
});
