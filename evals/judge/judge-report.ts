import { shown } from "../gate/gates.ts";
import type { JudgeReport } from "./judge-answers.ts";

/** Below this a judge does not say what people say (Landis and Koch, 1977: "substantial" begins here). */
const TRUSTED_KAPPA = 0.6;

/** The judge's scores beside what they are worth, for a terminal and for report.md. */
export function judgeReport(model: string, { repeats, unusable, aspects }: JudgeReport): string {
  const lines = aspects.flatMap(({ aspect, labelled, withItself, languages }) => [
    `${aspect}: ${languages.map(({ language, share, interval, count }) => `${language} ${shown(share)} (95 % interval ${shown(interval.low)} to ${shown(interval.high)}, ${count} answers)`).join(", ") || "no answers"}`,
    `  agrees with people on ${shown(labelled.share)} of ${labelled.count} labelled examples, kappa ${shown(labelled.kappa)}; with itself on ${shown(withItself)} of the repeats`,
    ...(labelled.count === 0 || labelled.kappa < TRUSTED_KAPPA
      ? [`  Do not rely on it: a kappa below ${TRUSTED_KAPPA} is not what people would say.`]
      : []),
  ]);
  return [
    `Judge ${model}, ${repeats} repeats, ${(unusable * 100).toFixed(0)} % of the replies unusable. It advises; it decides nothing.`,
    ...lines,
    "",
  ].join("\n");
}
