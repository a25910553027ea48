import { languageOf } from "#shared/language.ts";
import { type QuestionKind, questionKind } from "#shared/question-kind.ts";
import { withSoundsMended } from "#shared/sound-alikes.ts";
import { comparable } from "#shared/tokenize.ts";
import { comparedNames, sideBySide } from "./compared-names.ts";
import type { ParsedPrompt } from "./parse-evidence.ts";
import { type Scored, scoreUnits } from "./score-units.ts";
import { isLeadIn, splitUnits, type Unit } from "./split-units.ts";

const MAX_SENTENCES = 3;
const MAX_LIST_ITEMS = 6;
const MAX_CODE_LINES = 20;
/** A sentence beside the best one has to score this share of it, and more when the best one speaks of nearly the whole question. */
const BESIDE_SHARE = 0.02;
const BESIDE_FULL_SHARE = 0.06;
/** A further sentence has to score this share of the best one. */
const SECOND_SHARE = 0.12;
/** The same when the best one speaks of nearly the whole question: more would only dilute it. */
const AFTER_FULL_SHARE = 0.25;
const FULL_COVERAGE = 0.85;
const THIRD_SHARE = 0.2;
/** What one section says of both sides of a comparison belongs together. */
const OTHER_SIDE_SHARE = 0.08;
/** A further piece of a list, or one that brings a list or code along, has to be nearly as good as the best, and comes alone. */
const LEAD_IN_SHARE = 0.45;
const MIN_EXTRA_WORDS = 4;
const NEAR_DUPLICATE = 0.7;
const PRONOUN = /^(it|its|they|their|this|these|those|he|his|she|her|such)\b|^(它|他|她|这|该|此|其)/i;

/** The sentences that answer the question, each with its citation; `undefined` when the evidence has none. */
export function composeAnswer({ question: asked, evidence }: ParsedPrompt): string | undefined {
  const texts = evidence.map(({ path, text }) => comparable([...path, text].join("\n")));
  const question = withSoundsMended(comparable(asked), (pair) => texts.filter((text) => text.includes(pair)).length);
  const kind = questionKind(question);
  const units = evidence.flatMap(splitUnits);
  const prose = units.filter(({ kind }) => kind !== "code");
  const scored = scoreUnits(question, kind, prose.length > 0 ? prose : units);
  const names = kind === "comparison" ? comparedNames(question) : undefined;
  const sides = names && sideBySide(names, scored);
  const chosen = sides ? sides.map(({ unit }) => unit) : choose(scored, kind);
  if (chosen.length === 0) return undefined;
  return render(inReadingOrder(chosen), units);
}

/** Says in the question's language why there is no answer. */
export function declineToAnswer(question: string, hasEvidence: boolean): string {
  const chinese = languageOf(question) === "zh";
  if (hasEvidence)
    return chinese ? "提供的资料里没有这个问题的答案。" : "The supplied evidence does not answer this question.";
  return chinese
    ? "我只能根据随问题提供的资料来回答，这个问题没有附带资料。"
    : "I answer only from supplied evidence, and this question came without any.";
}

function choose(scored: readonly Scored[], kind: QuestionKind): Unit[] {
  const best = scored[0];
  if (!best || best.score <= 0) return [];
  const chosen = excerptAround(best, scored);
  for (const next of scored.slice(1)) {
    if (chosen.length >= MAX_SENTENCES) break;
    if (chosen.includes(next)) continue;
    const sides = kind === "comparison" && next.unit.evidence === best.unit.evidence;
    const share = sides
      ? OTHER_SIDE_SHARE
      : best.coverage >= FULL_COVERAGE
        ? AFTER_FULL_SHARE
        : chosen.length === 1
          ? SECOND_SHARE
          : THIRD_SHARE;
    if (next.score < share * best.score) break;
    const bulky = isLeadIn(next.unit) || (next.unit.kind !== "sentence" && next.unit.block !== best.unit.block);
    if (bulky && (chosen.length > 1 || next.score < LEAD_IN_SHARE * best.score)) continue;
    if (next.tokens.size < MIN_EXTRA_WORDS) continue;
    // Another section tells how to do another thing.
    if (kind === "how-to" && best.coverage >= FULL_COVERAGE && next.unit.evidence !== best.unit.evidence) continue;
    if (chosen.some(({ tokens }) => overlap(tokens, next.tokens) > NEAR_DUPLICATE)) continue;
    chosen.push(next);
  }
  const picked = chosen.map(({ unit }) => unit);
  const all = scored.map(({ unit }) => unit);
  if (best.unit.kind === "item" && (kind === "how-to" || kind === "list")) return withWholeList(best.unit, picked, all);
  if (PRONOUN.test(best.unit.text) && picked.length < MAX_SENTENCES) {
    const before = all.find((unit) => isNextTo(unit, best.unit) && unit.order === best.unit.order - 1);
    if (before && !picked.includes(before)) picked.push(before);
  }
  return picked;
}

/** The best sentence with those beside it that are likely to answer as well: people read an excerpt, not a mosaic. */
function excerptAround(best: Scored, scored: readonly Scored[]): Scored[] {
  const excerpt = [best];
  if (best.unit.kind !== "sentence" || isLeadIn(best.unit)) return excerpt;
  const share = best.coverage >= FULL_COVERAGE ? BESIDE_FULL_SHARE : BESIDE_SHARE;
  while (excerpt.length < MAX_SENTENCES) {
    const orders = excerpt.map(({ unit }) => unit.order);
    const beside = scored.find(
      ({ unit, score }) =>
        isNextTo(unit, best.unit) &&
        !isLeadIn(unit) &&
        (unit.order === Math.min(...orders) - 1 || unit.order === Math.max(...orders) + 1) &&
        score >= share,
    );
    if (!beside) break;
    excerpt.push(beside);
  }
  return excerpt;
}

function withWholeList(best: Unit, picked: readonly Unit[], all: readonly Unit[]): Unit[] {
  const list = all.filter((unit) => isNextTo(unit, best)).sort((a, b) => a.order - b.order);
  const first = Math.max(0, Math.min(list.indexOf(best) - MAX_LIST_ITEMS + 1, list.length - MAX_LIST_ITEMS));
  const leadIn = all.find(
    (unit) => unit.evidence === best.evidence && unit.order === list[0]!.order - 1 && isLeadIn(unit),
  );
  const others = picked.filter((unit) => !list.includes(unit) && unit !== leadIn).slice(0, 1);
  // A lead-in brings the first items along by itself.
  const shown = leadIn && first === 0 ? [leadIn] : list.slice(first, first + MAX_LIST_ITEMS);
  return [...others, ...shown];
}

const isNextTo = (a: Unit, b: Unit): boolean => a.evidence === b.evidence && a.block === b.block;

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((token) => b.has(token)).length;
  return shared / Math.max(1, Math.min(a.size, b.size));
}

/**
 * A sentence that answers comes first, before what was chosen to go with it, unless it leans on the one before. Then
 * evidence by evidence, inside each as its author wrote it.
 */
function inReadingOrder(chosen: readonly Unit[]): Unit[] {
  const [best, ...rest] = chosen;
  if (best?.kind === "sentence" && !isLeadIn(best) && !PRONOUN.test(best.text)) return [best, ...byEvidence(rest)];
  return byEvidence(chosen);
}

function byEvidence(chosen: readonly Unit[]): Unit[] {
  const evidence = [...new Set(chosen.map((unit) => unit.evidence))];
  return evidence.flatMap((one) => chosen.filter((unit) => unit.evidence === one).sort((a, b) => a.order - b.order));
}

/** Sentences run on; list items, rows and code get lines of their own. A lead-in brings what it announces. */
function render(chosen: readonly Unit[], units: readonly Unit[]): string {
  const written = new Set<Unit>();
  let answer = "";
  let last: Unit | undefined;
  const write = (unit: Unit, next?: Unit): void => {
    if (written.has(unit)) return;
    written.add(unit);
    const mark = next && runsOn(unit, next) ? "" : ` [${unit.evidence.number}]`;
    const code = unit.kind === "code";
    const body = code
      ? `\`\`\`\n${headOf(unit.text)}\n\`\`\`${last && isLeadIn(last) ? "" : `\n\n${mark.trim()}`}`
      : unit.text + mark;
    if (last) answer += separator(last, unit);
    answer += body;
    last = unit;
  };
  for (const [i, unit] of chosen.entries()) {
    write(unit, chosen[i + 1]);
    if (!isLeadIn(unit)) continue;
    for (const follower of announced(unit, units)) write(follower);
  }
  return answer;
}

/** Whether a sentence goes on with the excerpt of the one before it: they share the marker at its end. */
function runsOn(unit: Unit, next: Unit): boolean {
  return (
    unit.kind === "sentence" &&
    next.kind === "sentence" &&
    isNextTo(unit, next) &&
    Math.abs(unit.order - next.order) < MAX_SENTENCES &&
    !isLeadIn(unit) &&
    !isLeadIn(next)
  );
}

function announced(leadIn: Unit, units: readonly Unit[]): Unit[] {
  const rest = units.filter((unit) => unit.evidence === leadIn.evidence && unit.order > leadIn.order);
  const first = rest[0];
  if (!first) return [];
  const block = rest.filter((unit) => unit.block === first.block);
  return block.slice(0, first.kind === "sentence" || first.kind === "code" ? 1 : MAX_LIST_ITEMS);
}

function separator(before: Unit, after: Unit): string {
  if (before.kind === "code" || after.kind === "code") return "\n\n";
  if (before.kind === "sentence" && after.kind === "sentence") return " ";
  return before.kind === after.kind && before.block === after.block ? "\n" : "\n\n";
}

function headOf(code: string): string {
  return code.split("\n").slice(0, MAX_CODE_LINES).join("\n");
}
