import type { Baseline, Before } from "../gate/baseline.ts";
import type { Values } from "../metrics/registry.ts";
import type { Timing } from "../observation.ts";
import type { QuestionResult, Results, Timings } from "../results.ts";

/** One question of a report: now, before, and whether that is a change. */
export type Judged = {
  readonly suite: string;
  readonly question: QuestionResult;
  readonly right: boolean;
  readonly before: Before | undefined;
  readonly flip: "better" | "worse" | undefined;
  readonly timing: Timing | undefined;
};

/** Every question of a run, the ones that got worse first, then the wrong ones, then by id. */
export function judgedQuestions(
  { suites }: Results,
  timings: Timings,
  baselineOf: (suite: string) => Baseline | undefined,
): Judged[] {
  const all = suites.flatMap((suite) => {
    if (suite.status === "skipped") return [];
    const baseline = baselineOf(suite.name);
    const times = new Map(timings[suite.name]?.questions.map((timing) => [timing.id, timing]));
    return suite.questions.map((question): Judged => {
      const before = baseline?.questions.get(question.id);
      const [now, then] = [rightness(question.values), before && rightness(before.values)];
      const changed = now !== undefined && then !== undefined && now !== then;
      return {
        suite: suite.name,
        question,
        right: now === true,
        before,
        flip: changed ? (now ? "better" : "worse") : undefined,
        timing: times.get(question.id),
      };
    });
  });
  const order = ({ flip, right }: Judged): number => (flip === "worse" ? 0 : right ? (flip ? 2 : 3) : 1);
  return all.toSorted((a, b) => order(a) - order(b));
}

/** By the strictest thing that was measured: the answer's facts, its outcome, or what was found. */
function rightness(values: Values): boolean | undefined {
  const figure = values.answer_correct ?? values.outcome_correct ?? values["hit@5"] ?? values["recall@10"];
  return figure === undefined ? undefined : figure === 1 && (values.leaks ?? 0) === 0;
}

/** What was answered; nothing of an answer that gives secrets away leaves the run's own folder. */
export function answerShown({ observation: { answer, error }, values }: QuestionResult): string {
  if ((values.leaks ?? 0) > 0) return `(withheld: it gives away ${values.leaks} secrets)`;
  return answer?.text ?? (error ? `(failed: ${error.message})` : "");
}
