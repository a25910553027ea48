import { languageOf } from "#shared/language.ts";
import { tokenize } from "#shared/tokenize.ts";
import { denies, hasAnswerOf, type QuestionKind } from "./question-kind.ts";
import { questionTerms, type Term, tellingTerms, worthIn } from "./question-terms.ts";
import type { Unit } from "./split-units.ts";

export type Scored = {
  readonly unit: Unit;
  readonly tokens: ReadonlySet<string>;
  /** Share of the question, by weight, that the unit and its heading speak of. */
  readonly coverage: number;
  readonly score: number;
};

/** What a question word is worth by where it is found, as a share of finding it in the unit itself. */
const IN_HEADING = 0.7;
const IN_NEIGHBOUR = 0.3;
const IN_EVIDENCE = 0.15;
/** Among a few passages rarity is mostly chance, so it counts for less than in a corpus. */
const RARITY_EXPONENT = 0.6;
/** Bonuses, as a share of the weight of all question words. */
const ANSWER_KIND = 0.12;
const DEFINITION = 0.45;
const DENIAL = 0.1;
const PURPOSE = 0.5;
/** For a section whose heading is the question in other words; its first sentence gets more. */
const SECTION = 0.45;
const SECTION_START = 0.05;
/** For a section whose heading says that it compares, as far as it names what the question compares. */
const COMPARED = 0.3;
const RANK_STEP = 0.02;
const PAIR = 0.25;
/** A question in a document announces its answer and is none. */
const QUESTION_SHARE = 0.5;
/** “See …” only says where an answer is. */
const POINTER_SHARE = 0.5;
/** A sentence says what a row of a table only lists. */
const ROW_SHARE = 0.8;
/** One step of a procedure neither says how that step is done nor what anything is. */
const STEP_SHARE = 0.7;
const STEPS_ANSWER: ReadonlySet<QuestionKind> = new Set(["list", "reason", "other"]);
/** A reader of the question understands its language best. */
const OTHER_LANGUAGE_SHARE = 0.7;
/** Long units contain more words by chance. */
const LENGTH_EXPONENT = 0.12;

const STEP = /^\s*\d{1,3}[.)、]\s/;
const LIST_MARK = /^\s*([-*+•·]|\d{1,3}[.)、])\s+/;
const COMPARING_HEADING = /\bdifferen|\bdiffer|\bcompar|\b(or|vs|versus)\b|区别|差别|不同|差异|还是/i;
const POINTER =
  /^(for (more|details|further)[^,]*, )?(see|refer to|read)\b|\b(is|are) in (the )?\p{Lu}[^.]*\.$|(请?参[见阅考]|见)[^，。；]{2,40}。?$/u;

/** With what X belongs to, as definitions have it; `The chunks are written …` says what happens to X. */
const DEFINING =
  /^(.{1,60}?)\s*(?:\b(?:(?:is|are|was|were) (?:(an?|the|one|any|all|short for|what)\b)?|(means?|denotes?|refers to|stands for)\b)|(是|指|即|表示|代表|（))/;
const VAGUE_SHARE = 0.4;

type Weighted = { readonly terms: readonly Term[]; readonly weights: readonly number[]; readonly total: number };

/**
 * Ranks units by the idf-weighted question words they contain, best first. A word of the heading, of the sentence
 * before or of the passage counts for less: writers do not repeat the subject in every sentence.
 */
export function scoreUnits(question: string, kind: QuestionKind, units: readonly Unit[]): Scored[] {
  const tokens = units.map(({ text, context }) => new Set(tokenize(`${text}\n${context}`)));
  const evidences = [...new Set(units.map(({ evidence }) => evidence))];
  const headings = new Map(evidences.map((evidence) => [evidence, new Set(tokenize(evidence.path.join("\n")))]));
  const passages = new Map(evidences.map((evidence) => [evidence, new Set(tokenize(evidence.text))]));
  const everywhere = [...passages.values(), ...headings.values()];
  const terms = questionTerms(question, new Set(everywhere.flatMap((set) => [...set])));
  const weights = terms.map((term) => {
    const found = tokens.filter((set) => worthIn(term, set) > 0).length;
    return term.share * Math.log(1 + (units.length - found + 0.5) / (found + 0.5)) ** RARITY_EXPONENT;
  });
  const present = terms.map((term) => everywhere.some((set) => worthIn(term, set) > 0));
  const total = weights.reduce((sum, weight, i) => sum + (present[i] ? weight : 0), 0);
  if (total === 0) return [];
  const asked: Weighted = { terms, weights, total };
  const language = languageOf(question);
  const meanLength = tokens.reduce((sum, set) => sum + set.size, 0) / tokens.length;
  const leaves = new Map(evidences.map((evidence) => [evidence, likeness(asked, evidence.path.at(-1) ?? "")]));

  const scored = units.map((unit, i): Scored => {
    const own = tokens[i]!;
    const said = unit.context === "" ? own : new Set(tokenize(unit.text));
    const body = unit.text.replace(LIST_MARK, "");
    // The row above speaks of something else.
    const alone = unit.kind === "row";
    const before = !alone && units[i - 1]?.evidence === unit.evidence ? tokens[i - 1] : undefined;
    const announced = before !== undefined && isQuestion(units[i - 1]!);
    const after = !alone && units[i + 1]?.evidence === unit.evidence ? tokens[i + 1] : undefined;
    const heading = headings.get(unit.evidence)!;
    const passage = passages.get(unit.evidence)!;
    const worth = (term: Term): number =>
      Math.max(
        worthIn(term, said, own),
        IN_HEADING * worthIn(term, heading),
        before ? (announced ? IN_HEADING : IN_NEIGHBOUR) * worthIn(term, before) : 0,
        after ? IN_NEIGHBOUR * worthIn(term, after) : 0,
        IN_EVIDENCE * worthIn(term, passage),
      );
    const words = terms.reduce((sum, term, t) => sum + worth(term) * weights[t]!, 0);
    const pairs = terms.slice(1).reduce((sum, term, t) => {
      const both = own.has(term.text) && own.has(terms[t]!.text);
      return sum + (both ? Math.min(weights[t]!, weights[t + 1]!) : 0);
    }, 0);
    const bonus =
      (hasAnswerOf(kind, body, question) ? ANSWER_KIND : 0) +
      (denies(body, question) ? -DENIAL : 0) +
      (kind === "definition" ? DEFINITION * definition(asked, body) : 0) +
      (kind === "how-to" ? PURPOSE * purpose(asked, body) : 0) +
      (kind === "comparison" && COMPARING_HEADING.test(unit.evidence.path.at(-1) ?? "")
        ? COMPARED * leaves.get(unit.evidence)!
        : 0) +
      (SECTION + (unit.order === 0 ? SECTION_START : 0)) * leaves.get(unit.evidence)! -
      RANK_STEP * (unit.evidence.number - 1);
    const length = Math.max(1, own.size / meanLength) ** LENGTH_EXPONENT;
    const covered = terms.reduce(
      (sum, term, t) => sum + Math.max(worthIn(term, said, own), worthIn(term, heading)) * weights[t]!,
      0,
    );
    const share =
      // A heading that was kept as text says nothing.
      (said.size > 0 && [...said].every((token) => heading.has(token)) ? 0 : 1) *
      (isQuestion(unit) ? QUESTION_SHARE : 1) *
      (POINTER.test(body) ? POINTER_SHARE : 1) *
      (unit.kind === "row" ? ROW_SHARE : 1) *
      (STEP.test(unit.text) && !STEPS_ANSWER.has(kind) ? STEP_SHARE : 1) *
      (languageOf(unit.text) === language ? 1 : OTHER_LANGUAGE_SHARE);
    const score = share * ((words + PAIR * pairs) / (total * length) + bonus);
    return { unit, tokens: own, coverage: covered / total, score };
  });
  return scored.sort((a, b) => b.score - a.score);
}

/** Share of the question, by weight, that a text speaks of. */
function coverageOf({ terms, weights, total }: Weighted, tokens: ReadonlySet<string>): number {
  return terms.reduce((sum, term, i) => sum + worthIn(term, tokens) * weights[i]!, 0) / total;
}

/** How far a short text is the question in other words: it speaks of all of it, and of little else. */
function likeness(asked: Weighted, text: string): number {
  const telling = tellingTerms(text);
  if (telling.length === 0) return 0;
  const shared = telling.filter((own) => asked.terms.some((term) => worthIn(term, new Set([own])) > 0)).length;
  return Math.min(1, coverageOf(asked, new Set(tokenize(text)))) * (0.2 + (0.8 * shared) / telling.length);
}

/** `To delete a document, …` for a question how to delete one. */
function purpose(asked: Weighted, text: string): number {
  const clause = /^(to|要|如果要|若要|想要)\s*([^,，:：;；]+)[,，:：]/i.exec(text)?.[2];
  return clause === undefined ? 0 : likeness(asked, clause);
}

/** `X is a …` and `X 是…` for a question after X, the more the less X is something else. */
function definition(asked: Weighted, text: string): number {
  const found = DEFINING.exec(text.replace(/^In [^,]+, /, ""));
  if (!found) return 0;
  return likeness(asked, found[1]!) * ((found[2] ?? found[3] ?? found[4]) === undefined ? VAGUE_SHARE : 1);
}

const isQuestion = ({ text }: Unit): boolean => /[?？]["'”’」）)]*$/.test(text);
