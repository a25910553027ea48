import type { Language } from "#shared/language.ts";
import { auroc } from "./metrics/auroc.ts";
import type { QuestionResult } from "./results.ts";

/** What a threshold does to the questions of one language: shares, and how many each is a share of. */
export type Calibrated = {
  readonly language: Language;
  /** That an answerable question has more support than one that is not. */
  readonly auroc: number;
  /** Answerable questions that would be refused. */
  readonly overRefusal: Share;
  /** Refused questions by kind, of those that should be. */
  readonly refused: Readonly<Record<string, Share>>;
};
export type Share = { readonly share: number; readonly of: number };
type Scored = {
  readonly language: Language;
  readonly kind: string;
  readonly answerable: boolean;
  readonly support: number;
};

const DECIMALS = 3;

/**
 * The highest threshold of the support score under which no language has more of its answerable questions refused than
 * `most`: whatever is refused beyond that costs answers that people should have got. Throws without any score.
 */
export function thresholdFor(questions: readonly QuestionResult[], most: number): number {
  const scored = scoresOf(questions);
  const limits = languagesOf(scored).map((language) => {
    const supports = scored.filter((one) => one.language === language && one.answerable).map(({ support }) => support);
    const sorted = supports.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * most)] ?? 1;
  });
  const scale = 10 ** DECIMALS;
  return Math.floor(Math.min(...limits) * scale) / scale;
}

/** What a threshold does, language by language. */
export function calibrationAt(questions: readonly QuestionResult[], threshold: number): Calibrated[] {
  const scored = scoresOf(questions);
  return languagesOf(scored).map((language): Calibrated => {
    const own = scored.filter((one) => one.language === language);
    const share = (some: readonly Scored[]): Share => ({
      share: some.filter(({ support }) => support < threshold).length / some.length,
      of: some.length,
    });
    const [answerable, others] = [own.filter((one) => one.answerable), own.filter((one) => !one.answerable)];
    const kinds = [...new Set(others.map(({ kind }) => kind))].sort();
    const support = (some: readonly Scored[]): number[] => some.map((one) => one.support);
    return {
      language,
      auroc: auroc(support(answerable), support(others)),
      overRefusal: share(answerable),
      refused: Object.fromEntries(kinds.map((kind) => [kind, share(others.filter((one) => one.kind === kind))])),
    };
  });
}

function scoresOf(questions: readonly QuestionResult[]): Scored[] {
  const scored = questions.flatMap(({ language, kind, expect, observation: { answer } }): Scored[] =>
    answer?.support === undefined
      ? []
      : [{ language, kind, answerable: expect === "answered", support: answer.support }],
  );
  if (scored.length === 0)
    throw new Error('The run has no support scores. Its suite needs "chat": { "record": true }.');
  return scored;
}

const languagesOf = (scored: readonly Scored[]): Language[] =>
  [...new Set(scored.map(({ language }) => language))].sort();
