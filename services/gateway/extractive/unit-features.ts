import { languageOf } from "#shared/language.ts";
import { denies, hasAnswerOf, type QuestionKind } from "#shared/question-kind.ts";
import { tokenize } from "#shared/tokenize.ts";
import { worthIn } from "./question-terms.ts";
import { type Asked, likeness, shareOf, weighQuestion } from "./question-weights.ts";
import { isLeadIn, type Unit } from "./split-units.ts";

export type ReadUnit = {
  readonly unit: Unit;
  readonly tokens: ReadonlySet<string>;
  /** Share of the question, by weight, that the unit and its heading speak of. */
  readonly coverage: number;
  /** By name; `unit-weights.json` says what each is worth. */
  readonly features: Readonly<Record<string, number>>;
};

const STEP = /^\s*\d{1,3}[.)、]\s/;
const LIST_MARK = /^\s*([-*+•·]|\d{1,3}[.)、])\s+/;
/** Questions that a single step of a procedure may answer. */
const STEPS_ANSWER: ReadonlySet<QuestionKind> = new Set(["list", "reason", "other"]);
const COMPARING_HEADING = /\bdifferen|\bdiffer|\bcompar|\b(or|vs|versus)\b|区别|差别|不同|差异|还是/i;
const POINTER =
  /^(for (more|details|further)[^,]*, )?(see|refer to|read)\b|\b(is|are) in (the )?\p{Lu}[^.]*\.$|(请?参[见阅考]|见)[^，。；]{2,40}。?$/u;
/** With what X belongs to, as definitions have it; `The chunks are written …` says what happens to X. */
const DEFINING =
  /^(.{1,60}?)\s*(?:\b(?:(?:is|are|was|were) (?:(an?|the|one|any|all|short for|what)\b)?|(means?|denotes?|refers to|stands for)\b)|(是|指|即|表示|代表|（))/;
const VAGUE_SHARE = 0.4;
const NAMES = /(?<![.!?]\s|^)\p{Lu}[\p{L}\p{N}]+/gu;
const CODE_WORD = /`[^`]+`|--[a-z]|\/v\d|[A-Z]{2,}_[A-Z]|\.\/|[a-z]+_[a-z]+|\w\(\)/;

/** What can be said of each unit beside the question. Empty when no unit has any word of it. */
export function readUnits(question: string, kind: QuestionKind, units: readonly Unit[]): ReadUnit[] {
  const tokens = units.map(({ text, context }) => new Set(tokenize(`${text}\n${context}`)));
  const evidences = [...new Set(units.map(({ evidence }) => evidence))];
  const headings = new Map(evidences.map((evidence) => [evidence, new Set(tokenize(evidence.path.join("\n")))]));
  const passages = new Map(evidences.map((evidence) => [evidence, new Set(tokenize(evidence.text))]));
  const asked = weighQuestion(question, tokens, [...passages.values(), ...headings.values()]);
  if (asked.total === 0) return [];
  const language = languageOf(question);
  const meanLength = tokens.reduce((sum, set) => sum + set.size, 0) / tokens.length;
  const heaviest = Math.max(...asked.weights);
  const leaves = new Map(evidences.map((evidence) => [evidence, likeness(asked, evidence.path.at(-1) ?? "")]));
  const spoken = new Map(
    evidences.map((evidence) => {
      const [passage, heading] = [passages.get(evidence)!, headings.get(evidence)!];
      return [evidence, shareOf(asked, (term) => Math.max(worthIn(term, passage), worthIn(term, heading)))];
    }),
  );
  const mostSpoken = Math.max(...spoken.values());
  const questionTokens = new Set(tokenize(question));

  return units.map((unit, i): ReadUnit => {
    const own = tokens[i]!;
    const said = unit.context === "" ? own : new Set(tokenize(unit.text));
    const body = unit.text.replace(LIST_MARK, "");
    const { evidence } = unit;
    const heading = headings.get(evidence)!;
    const leaf = leaves.get(evidence)!;
    // The row above speaks of something else.
    const alone = unit.kind === "row";
    const before = !alone && units[i - 1]?.evidence === evidence ? tokens[i - 1] : undefined;
    const after = !alone && units[i + 1]?.evidence === evidence ? tokens[i + 1] : undefined;
    const saidShare = shareOf(asked, (term) => worthIn(term, said, own));
    const coverage = shareOf(asked, (term) => Math.max(worthIn(term, said, own), worthIn(term, heading)));
    const withNeighbours = shareOf(asked, (term) =>
      Math.max(
        worthIn(term, own),
        worthIn(term, heading),
        before ? worthIn(term, before) : 0,
        after ? worthIn(term, after) : 0,
      ),
    );
    const isFirst = unit.order === 0 ? 1 : 0;
    const newTokens = [...said].filter((token) => !questionTokens.has(token)).length;
    const answers = hasAnswerOf(kind, body, question);
    return {
      unit,
      tokens: own,
      coverage,
      features: {
        said: saidShare,
        saidSquared: saidShare ** 2,
        exact: shareOf(asked, ({ text }) => (own.has(text) ? 1 : 0)),
        coverage,
        withNeighbours,
        before: before ? shareOf(asked, (term) => worthIn(term, before)) : 0,
        after: after ? shareOf(asked, (term) => worthIn(term, after)) : 0,
        announced: before && isQuestion(units[i - 1]!) ? shareOf(asked, (term) => worthIn(term, before)) : 0,
        spoken: spoken.get(evidence)!,
        spokenLess: mostSpoken - spoken.get(evidence)!,
        pairs: pairsIn(asked, own) / asked.total,
        run: longestRun(asked, own) / asked.terms.length,
        heaviest:
          asked.terms.reduce((most, term, t) => Math.max(most, worthIn(term, said, own) * asked.weights[t]!), 0) /
          heaviest,
        [`answers-${kind}`]: answers ? 1 : 0,
        denies: denies(body, question) ? 1 : 0,
        definition: kind === "definition" ? definition(asked, body) : 0,
        purpose: kind === "how-to" ? purpose(asked, body) : 0,
        purposeElse: kind !== "how-to" ? purpose(asked, body) : 0,
        compared: kind === "comparison" && COMPARING_HEADING.test(evidence.path.at(-1) ?? "") ? leaf : 0,
        leaf,
        leafFirst: isFirst * leaf,
        first: isFirst,
        order: 1 / (1 + unit.order),
        best: evidence.number === 1 ? 1 : 0,
        rank: 1 / evidence.number,
        longer: Math.log(Math.max(1, own.size) / meanLength),
        veryLong: own.size > 2.5 * meanLength ? 1 : 0,
        short: said.size < 4 ? 1 : 0,
        echo: said.size > 0 && [...said].every((token) => heading.has(token)) ? 1 : 0,
        news: Math.log(1 + newTokens),
        question: isQuestion(unit) ? 1 : 0,
        pointer: POINTER.test(body) ? 1 : 0,
        row: unit.kind === "row" ? 1 : 0,
        rowSaid: unit.kind === "row" ? saidShare : 0,
        item: unit.kind === "item" ? 1 : 0,
        code: unit.kind === "code" ? 1 : 0,
        step: STEP.test(unit.text) && !STEPS_ANSWER.has(kind) ? 1 : 0,
        leadIn: isLeadIn(unit) ? 1 : 0,
        leadInHowTo: isLeadIn(unit) && kind === "how-to" ? 1 : 0,
        leadInHowToSaid: isLeadIn(unit) && kind === "how-to" ? coverage : 0,
        commandHowTo: kind === "how-to" && CODE_WORD.test(unit.text) ? 1 : 0,
        command: CODE_WORD.test(unit.text) ? 1 : 0,
        numbers: /\d/.test(body) ? 1 : 0,
        names: Math.log(1 + (body.match(NAMES)?.length ?? 0)),
        foreign: languageOf(unit.text) === language ? 0 : 1,
      },
    };
  });
}

function pairsIn({ terms, weights }: Asked, own: ReadonlySet<string>): number {
  return terms.slice(1).reduce((sum, term, t) => {
    const both = own.has(term.text) && own.has(terms[t]!.text);
    return sum + (both ? Math.min(weights[t]!, weights[t + 1]!) : 0);
  }, 0);
}

/** How many terms of the question in a row the unit has. */
function longestRun({ terms }: Asked, own: ReadonlySet<string>): number {
  let longest = 0;
  let run = 0;
  for (const term of terms) {
    run = worthIn(term, own) > 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** `To delete a document, …` for a question how to delete one. */
function purpose(asked: Asked, text: string): number {
  const clause = /^(to|要|如果要|若要|想要)\s*([^,，:：;；]+)[,，:：]/i.exec(text)?.[2];
  return clause === undefined ? 0 : likeness(asked, clause);
}

/** `X is a …` and `X 是…` for a question after X, the more the less X is something else. */
function definition(asked: Asked, text: string): number {
  const found = DEFINING.exec(text.replace(/^In [^,]+, /, ""));
  if (!found) return 0;
  return likeness(asked, found[1]!) * ((found[2] ?? found[3] ?? found[4]) === undefined ? VAGUE_SHARE : 1);
}

const isQuestion = ({ text }: Unit): boolean => /[?？]["'”’」）)]*$/.test(text);
