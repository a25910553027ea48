import { languageOf } from "#shared/language.ts";
import type { Answer, Cited } from "../observation.ts";
import type { Question } from "../suite-data.ts";
import { exactMatch, rougeL, says, tokenF1 } from "./answer-overlap.ts";
import { answerSentences, withoutMarkers } from "./answer-sentences.ts";
import { kPrecision, kPrecisionPairs, numbersSupported } from "./grounding.ts";
import type { Values } from "./registry.ts";
import { groupsOf, mean } from "./retrieval-values.ts";
import { overlaps } from "./spans.ts";

const ANSWERED = new Set(["answered", "partial"]);
const MARKER = /\[(\d{1,3})\]/g;

/** What an answer is worth. A refusal of an answerable question misses every fact and all evidence. */
export function answerValues(question: Question, answer: Answer): Values {
  const answered = ANSWERED.has(answer.outcome);
  const language: Values = { answer_language: languageOf(answer.text) === question.language ? 1 : 0 };
  const support: Values = answer.support === undefined ? {} : { support_auroc: answer.support };
  const outcome: Values = { outcome_correct: answered === (question.expect === "answered") ? 1 : 0 };
  return {
    ...outcome,
    ...language,
    ...support,
    ...(question.expect === "answered" && factValues(question, answered ? answer.text : "")),
    ...(question.gold.length > 0 && { citation_recall: answered ? recallOf(question, answer.citations) : 0 }),
    ...(answered && citationValues(question, answer)),
  };
}

function factValues({ facts }: Question, text: string): Values {
  if (facts.length === 0) return {};
  const plain = withoutMarkers(text);
  const first = answerSentences(text)[0]?.text ?? "";
  const said = facts.map((fact) => (says(plain, fact) ? 1 : 0));
  const golds = facts[0]!;
  return {
    fact_recall: mean(said),
    answer_correct: Math.min(...said),
    first_sentence: facts.every((fact) => says(first, fact)) ? 1 : 0,
    ...(facts.length === 1 && {
      exact_match: exactMatch(plain, golds),
      token_f1: tokenF1(plain, golds),
      rouge_l: rougeL(plain, golds),
    }),
  };
}

function recallOf({ gold }: Question, citations: readonly Cited[]): number {
  return mean(groupsOf(gold).map((group) => (group.some((one) => pointedAt(one, citations)) ? 1 : 0)));
}

const pointedAt = (gold: Question["gold"][number], citations: readonly Cited[]): boolean =>
  citations.some((citation) => overlaps(gold, citation));

function citationValues({ gold }: Question, { text, citations }: Answer): Values {
  const cited = citations.map(({ quote }) => quote).join("\n");
  const sentences = answerSentences(text);
  const covered = sentences.filter(({ start, end }) =>
    citations.some(({ answer }) => answer.start < end && answer.end > start),
  );
  const numbers = new Set(citations.map(({ marker }) => marker));
  const markers = [...text.matchAll(MARKER)].map(([, number]) => Number(number));
  const shareOf = (holds: (one: Cited) => boolean): number =>
    citations.length === 0 ? 0 : citations.filter(holds).length / citations.length;
  return {
    ...(gold.length > 0 && { citation_precision: shareOf((one) => gold.some((wanted) => overlaps(wanted, one))) }),
    citation_coverage: sentences.length === 0 ? 1 : covered.length / sentences.length,
    markers_resolve: markers.length === 0 ? 1 : markers.filter((one) => numbers.has(one)).length / markers.length,
    citations_verified: shareOf(({ verified }) => verified),
    quotes_verbatim: shareOf(({ verbatim }) => verbatim),
    k_precision: kPrecision(text, cited),
    k_precision_pairs: kPrecisionPairs(text, cited),
    numbers_supported: numbersSupported(text, cited),
  };
}
