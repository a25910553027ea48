import { languageOf } from "#shared/language.ts";
import { questionKind } from "#shared/question-kind.ts";
import type { Release } from "#shared/release.ts";
import { comparable } from "#shared/tokenize.ts";
import { parseEvidence } from "../../services/gateway/extractive/parse-evidence.ts";
import { splitUnits, type Unit } from "../../services/gateway/extractive/split-units.ts";
import { readUnits } from "../../services/gateway/extractive/unit-features.ts";
import { evidenceFeatures } from "../../services/retrieval-api/answer/evidence-check.ts";
import { renderPrompt } from "../../services/retrieval-api/answer/prompt.ts";
import { standaloneQuestion } from "../../services/retrieval-api/answer/standalone.ts";
import { fitEvidence } from "../../services/retrieval-api/retrieval/fit-evidence.ts";
import { worthOf } from "../../services/retrieval-api/retrieval/rank-candidates.ts";
import { type Reading, readCandidates } from "../../services/retrieval-api/retrieval/read-candidates.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";
import type { Case } from "./logistic.ts";
import type { Features } from "./optimise.ts";
import { type Asked, everyNth, type QuestionSet } from "./question-set.ts";
import { withSearch } from "./search-set.ts";
import type { List } from "./softmax.ts";

/** A question with what the search found for it. */
export type Found = {
  readonly set: string;
  readonly question: string;
  readonly asked: Asked;
  readonly isForeign: boolean;
  readonly candidates: readonly Candidate[];
  readonly readings: readonly Reading[];
};

/** Questions of other sets of the same language that are put to a set, which cannot answer them. */
const FOREIGN = 40;
/** The handbook is what most people ask first, and its questions are of many kinds. */
const HANDBOOK_WEIGHT = 3;
/** A near miss lacks one word only, which no count of words can see for sure. */
const NEAR_WEIGHT = 0.5;
/** A unit has to be this long for being a part of the gold to say something. */
const MIN_PART = 5;

/** Every question of a set, and some of the others, through the search of the set's documents. */
export async function searchAll(
  set: QuestionSet,
  sets: readonly QuestionSet[],
  release: Pick<Release, "retrieval">,
): Promise<Found[]> {
  // What a term is, other documents may say as well.
  const others = sets.filter(({ name }) => originOf(name) !== originOf(set.name) && !/^(glossary|headings)/.test(name));
  const foreign = set.name.startsWith("headings") ? [] : others.flatMap((other) => foreignTo(set, other));
  return withSearch(set.sources, release, async (search) => {
    const found: Found[] = [];
    for (const [i, asked] of [...set.asked, ...foreign].entries()) {
      const question = standaloneQuestion(asked.question, asked.history);
      const candidates = await search(question);
      const readings = readCandidates(question, candidates);
      found.push({ set: set.name, question, asked, isForeign: i >= set.asked.length, candidates, readings });
    }
    return found;
  });
}

/** What a set is made from. XQuAD's paragraphs are SQuAD's: each may answer questions of the other. */
export const originOf = (set: string): string => (set.startsWith("xquad") ? "squad2" : set.split("-")[0]!);

function foreignTo(set: QuestionSet, other: QuestionSet): Asked[] {
  const fits = ({ question, gold, history }: Asked): boolean =>
    gold.length > 0 && history.length === 0 && (set.language === "both" || set.language === languageOf(question));
  return everyNth(other.asked.filter(fits), FOREIGN).map((asked) => ({ ...asked, gold: [] }));
}

const weightOf = ({ set }: Found): number => (set === "handbook" ? HANDBOOK_WEIGHT : 1);

/** The passages of the questions that have an answer; every set weighs alike, however many questions it has. */
export function passageLists(found: readonly Found[]): List[] {
  const answerable = found.filter(({ asked }) => asked.gold.length > 0);
  const sizes = new Map<string, number>();
  for (const { set } of answerable) sizes.set(set, (sizes.get(set) ?? 0) + 1);
  const share = answerable.length / sizes.size;
  return answerable.map((one) => ({ ...passageList(one), weight: (weightOf(one) * share) / sizes.get(one.set)! }));
}

/** Which of the candidates hold a piece of the gold. */
export function passageList(found: Found): List {
  const { candidates, asked, readings } = found;
  const holds = ({ chunk }: Candidate): boolean =>
    asked.gold.some(
      ({ document, start, end }) => document === chunk.documentId && start < chunk.end && end > chunk.start,
    );
  return { items: readings, right: positionsOf(candidates, holds), weight: weightOf(found) };
}

/** Whether the candidates answer, by what they say together. `undefined` when nothing speaks of the question. */
export function supportCase(found: Found, weights: Features): Case | undefined {
  const order = inOrder(found, weights);
  const features = evidenceFeatures(
    found.question,
    order.map((i) => found.readings[i]!),
  );
  const holds = found.asked.gold.length > 0;
  const weight = found.asked.isNear ? NEAR_WEIGHT : (weightOf(found) + 1) / 2;
  return features && { features, holds, weight };
}

/** Which units of the prompt answer. `undefined` when no prompt would be made. */
export function unitList(found: Found, weights: Features, settings: Release["retrieval"]): List | undefined {
  const ranked = inOrder(found, weights).map((i) => found.candidates[i]!);
  const evidence = fitEvidence(ranked, settings.evidence, settings);
  const parsed = parseEvidence(renderPrompt("", [], evidence, found.question).at(-1)!.content);
  if (!parsed) return undefined;
  const question = comparable(parsed.question);
  const units = parsed.evidence.flatMap(splitUnits);
  const prose = units.filter(({ kind }) => kind !== "code");
  const read = readUnits(question, questionKind(question), prose.length > 0 ? prose : units);
  const right = positionsOf(read, ({ unit }) => isGold(unit, evidence[unit.evidence.number - 1]!, found.asked));
  return { items: read.map(({ features }) => features), right, weight: weightOf(found) };
}

/** A unit is right when it holds the gold where it stands, or is a part of a longer gold, such as a list. */
function isGold({ text }: Unit, { chunk }: Candidate, { gold }: Asked): boolean {
  const unit = squeezed(text);
  const at = chunk.text.indexOf(text);
  return gold.some((piece) => {
    if (piece.document !== chunk.documentId) return false;
    const wanted = squeezed(piece.text);
    if (unit.length >= MIN_PART && wanted.includes(unit)) return true;
    if (!unit.includes(wanted)) return false;
    const start = chunk.start + at;
    return at < 0 || wanted.length > text.length / 2 || (start <= piece.start && piece.end <= start + text.length);
  });
}

const squeezed = (text: string): string => comparable(text).toLowerCase().replaceAll(/\s+/g, "");

function inOrder({ readings }: Found, weights: Features): number[] {
  const worth = readings.map((reading) => worthOf(reading, weights));
  return readings.map((_, i) => i).sort((a, b) => worth[b]! - worth[a]!);
}

function positionsOf<T>(all: readonly T[], fits: (one: T) => boolean): number[] {
  return all.flatMap((one, i) => (fits(one) ? [i] : []));
}
