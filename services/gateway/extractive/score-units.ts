import { queryTerms, tokenize } from "#shared/tokenize.ts";
import { denies, hasAnswerOf, type QuestionKind } from "./question-kind.ts";
import type { Unit } from "./split-units.ts";

export type Scored = {
  readonly unit: Unit;
  readonly tokens: ReadonlySet<string>;
  /** Share of the question, by weight, that the unit and its heading speak of. */
  readonly coverage: number;
  readonly score: number;
};

/** What a question word is worth by where it is found, as a share of finding it in the unit itself. */
const IN_HEADING = 0.6;
const IN_NEIGHBOUR = 0.3;
const IN_EVIDENCE = 0.15;
/** Bonuses, as a share of the weight of all question words. */
const ANSWER_KIND = 0.12;
const DEFINITION = 0.2;
const DENIAL = 0.1;
const PURPOSE = 0.15;
/** For a section whose heading is the question in other words; its first sentence gets more. */
const SECTION = 0.3;
const SECTION_START = 0.05;
const RANK_STEP = 0.02;
const PAIR = 0.25;
/** A question in a document announces its answer and is none. */
const QUESTION_SHARE = 0.5;
/** Long units contain more words by chance. */
const LENGTH_EXPONENT = 0.12;

/**
 * Ranks units by the idf-weighted question words they contain, best first. A word of the heading, of the sentence
 * before or of the passage counts for less: writers do not repeat the subject in every sentence.
 */
export function scoreUnits(question: string, kind: QuestionKind, units: readonly Unit[]): Scored[] {
  const terms = [...new Set(queryTerms(question))];
  const tokens = units.map(({ text, context }) => new Set(tokenize(`${text}\n${context}`)));
  const headings = new Map(units.map(({ evidence }) => [evidence, new Set(tokenize(evidence.path.join("\n")))]));
  const passages = new Map(units.map(({ evidence }) => [evidence, new Set(tokenize(evidence.text))]));
  const weights = terms.map((term) => {
    const found = tokens.filter((set) => set.has(term)).length;
    return Math.log(1 + (units.length - found + 0.5) / (found + 0.5));
  });
  const present = terms.map((term) => [...passages.values(), ...headings.values()].some((set) => set.has(term)));
  const total = weights.reduce((sum, weight, i) => sum + (present[i] ? weight : 0), 0);
  if (total === 0) return [];
  const meanLength = tokens.reduce((sum, set) => sum + set.size, 0) / tokens.length;
  const leaves = new Map(
    units.map(({ evidence }) => [evidence, coverageOf(terms, weights, evidence.path.at(-1) ?? "")]),
  );

  const scored = units.map((unit, i): Scored => {
    const own = tokens[i]!;
    const before = units[i - 1]?.evidence === unit.evidence ? tokens[i - 1] : undefined;
    const asked = before !== undefined && isQuestion(units[i - 1]!);
    const after = units[i + 1]?.evidence === unit.evidence ? tokens[i + 1] : undefined;
    const heading = headings.get(unit.evidence)!;
    const passage = passages.get(unit.evidence)!;
    const worth = (term: string): number => {
      if (own.has(term)) return 1;
      if (heading.has(term)) return IN_HEADING;
      if (asked && before.has(term)) return IN_HEADING;
      if (before?.has(term) || after?.has(term)) return IN_NEIGHBOUR;
      return passage.has(term) ? IN_EVIDENCE : 0;
    };
    const words = terms.reduce((sum, term, t) => sum + worth(term) * weights[t]!, 0);
    const pairs = terms.slice(1).reduce((sum, term, t) => {
      const both = own.has(term) && own.has(terms[t]!);
      return sum + (both ? Math.min(weights[t]!, weights[t + 1]!) : 0);
    }, 0);
    const bonus =
      (hasAnswerOf(kind, unit.text, question) ? ANSWER_KIND : 0) +
      (denies(unit.text, question) ? -DENIAL : 0) +
      (kind === "definition" && defines(unit.text, question) ? DEFINITION : 0) +
      (kind === "how-to" ? PURPOSE * coverageOf(terms, weights, /^[^,，:：]*/.exec(unit.text)![0]) : 0) +
      (SECTION + (unit.order === 0 ? SECTION_START : 0)) * leaves.get(unit.evidence)! ** 2 -
      RANK_STEP * (unit.evidence.number - 1);
    const length = Math.max(1, own.size / meanLength) ** LENGTH_EXPONENT;
    const covered = terms.reduce((sum, term, t) => sum + (own.has(term) || heading.has(term) ? weights[t]! : 0), 0);
    const share = isQuestion(unit) ? QUESTION_SHARE : 1;
    const score = share * ((words + PAIR * pairs) / (total * length) + bonus);
    return { unit, tokens: own, coverage: covered / total, score };
  });
  return scored.sort((a, b) => b.score - a.score);
}

/** Share of the question, by weight, that a text speaks of. */
function coverageOf(terms: readonly string[], weights: readonly number[], text: string): number {
  const found = new Set(tokenize(text));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total === 0 ? 0 : terms.reduce((sum, term, i) => sum + (found.has(term) ? weights[i]! : 0), 0) / total;
}

/** `X is …` and `X 是…` for a question after X. */
function defines(text: string, question: string): boolean {
  const head = /^(.{1,60}?)\s*(?:\b(?:is|are|was|were|means|refers to)\b|是|指|即|（)/.exec(text)?.[1];
  if (!head) return false;
  const subject = new Set(queryTerms(question));
  return tokenize(head).some((token) => subject.has(token));
}

const isQuestion = ({ text }: Unit): boolean => /[?？]["'”’」）)]*$/.test(text);
