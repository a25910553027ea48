import { concurrently } from "#shared/concurrently.ts";
import type { Language } from "#shared/language.ts";
import { agreement, shareInterval } from "./agreement.ts";
import type { Judgement, ToJudge } from "./judge-prompt.ts";

/** What was asked for: the verdict of one call, `undefined` where the model's reply holds none. */
export type AskJudge = (one: ToJudge, seed: number, signal: AbortSignal) => Promise<Judgement | undefined>;
export type Item = ToJudge & { readonly id: string; readonly language: Language };
export type Labelled = Item & Judgement;

/** The least number of repeats that shows whether a judge contradicts itself. */
export const MIN_REPEATS = 3;
const AT_ONCE = 4;
const ASPECTS = ["grounded", "relevant"] as const;

type Ballot = { readonly item: Item; readonly judgements: readonly Judgement[]; readonly unusable: number };

/**
 * A judge's opinion, which advises and never decides: scores by language, beside how often the judge agrees with people
 * on the labelled examples and with itself.
 */
export async function judgeAnswers(
  answers: readonly Item[],
  examples: readonly Labelled[],
  repeats: number,
  ask: AskJudge,
  signal: AbortSignal,
) {
  const ballot = async (item: Item): Promise<Ballot> => {
    const judgements: Judgement[] = [];
    for (let seed = 1; seed <= repeats; seed++) {
      const judgement = await ask(item, seed, signal);
      if (judgement) judgements.push(judgement);
    }
    return { item, judgements, unusable: repeats - judgements.length };
  };
  const labelled = await concurrently(examples, AT_ONCE, async (example) => ({ example, ...(await ballot(example)) }));
  const judged = await concurrently(answers, AT_ONCE, ballot);
  const calls = repeats * (answers.length + examples.length);
  const unusable = [...labelled, ...judged].reduce((sum, one) => sum + one.unusable, 0);
  return {
    repeats,
    /** Replies without a judgement. */
    unusable: calls === 0 ? 0 : unusable / calls,
    aspects: ASPECTS.map((aspect) => {
      const known = labelled.filter(({ judgements }) => judgements.length > 0);
      return {
        aspect,
        labelled: {
          count: known.length,
          ...agreement(
            known.map(({ example, judgements }) => [example[aspect], majority(judgements, aspect)] as const),
          ),
        },
        /** Share of the repeats that say what most of them say. */
        withItself: consistency([...labelled, ...judged], aspect),
        languages: (["en", "zh"] as const).flatMap((language) => {
          const own = judged.filter(({ item, judgements }) => item.language === language && judgements.length > 0);
          if (own.length === 0) return [];
          const hits = own.filter(({ judgements }) => majority(judgements, aspect)).length;
          return [{ language, count: own.length, share: hits / own.length, interval: shareInterval(hits, own.length) }];
        }),
      };
    }),
    answers: judged.map(({ item, judgements }) => ({ id: item.id, judgements })),
  };
}

export type JudgeReport = Awaited<ReturnType<typeof judgeAnswers>>;

/** A draw counts against the answer. */
const majority = (judgements: readonly Judgement[], aspect: keyof Judgement): boolean =>
  judgements.filter((one) => one[aspect]).length * 2 > judgements.length;

function consistency(ballots: readonly Ballot[], aspect: keyof Judgement): number {
  const shares = ballots
    .filter(({ judgements }) => judgements.length > 1)
    .map(({ judgements }) => {
      const yes = judgements.filter((one) => one[aspect]).length;
      return Math.max(yes, judgements.length - yes) / judgements.length;
    });
  return shares.length === 0 ? Number.NaN : shares.reduce((a, b) => a + b, 0) / shares.length;
}
