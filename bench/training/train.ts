import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadRelease } from "#shared/release.ts";
import { type Found, originOf, passageList, passageLists, searchAll, supportCase, unitList } from "./examples.ts";
import { auroc, firstRight, type Scored } from "./judge.ts";
import { type Case, learnLogistic } from "./logistic.ts";
import type { Features, Optimised } from "./optimise.ts";
import { questionSets } from "./question-sets.ts";
import { type List, learnRanking } from "./softmax.ts";

const RELEASE = "releases/default";
const UNIT_WEIGHTS = "services/gateway/extractive/unit-weights.json";
const PER_SET = 300;
/** Glossaries tell a definition by its heading as well; without one it has to outweigh the rank of its passage. */
const LEAST: Features = { definition: 3 };
/** What is read of a passage speaks for it or says nothing: a weight below that has learnt a peculiarity of some set. */
const NO_REASON_AGAINST = { least: 0 };

/**
 * Learns what the readings of passages are worth, from the golden set, the visible reading sets and headings with their
 * sections, and writes it into the release. Prints how well it does on the sets of each origin when learnt from the others.
 */
export async function trainRanking(dataFolder: string): Promise<void> {
  const found = await findAll(dataFolder);
  const passage = learnPassages(found);
  write(join(RELEASE, "ranking.json"), { version: 1, passage, support: learnSupport(found, passage) });
  for (const origin of new Set(found.map(({ set }) => originOf(set)))) {
    const others = found.filter(({ set }) => originOf(set) !== origin);
    const tested = found.filter(({ set }) => originOf(set) === origin);
    const ranking = learnPassages(others);
    report("passages", tested, (one) => passageList(one), ranking);
    const support = learnSupport(others, ranking);
    reportSupport(tested.map((one) => ({ found: one, support: supportOf(supportCase(one, ranking), support) })));
  }
}

/** Learns what a sentence, a list or a code block is worth as an answer, below the passages as the release ranks them. */
export async function trainUnits(dataFolder: string): Promise<void> {
  const { ranking, retrieval } = await loadRelease(RELEASE);
  const own = (await findAll(dataFolder)).filter(({ isForeign, set }) => !isForeign && originOf(set) !== "headings");
  const listOf = (one: Found): List | undefined => unitList(one, ranking.passage, retrieval);
  const learn = (from: readonly Found[]): Features => learnRanking(from.flatMap((one) => listOf(one) ?? []));
  const halves = [own.filter((_, i) => i % 2 === 0), own.filter((_, i) => i % 2 === 1)] as const;
  report("units", halves[1], listOf, learn(halves[0]));
  report("units", halves[0], listOf, learn(halves[1]));
  const weights = Object.entries(learn(own)).map(([name, weight]) => [name, Math.max(weight, LEAST[name] ?? weight)]);
  write(UNIT_WEIGHTS, { version: 1, weights: Object.fromEntries(weights) });
}

async function findAll(dataFolder: string): Promise<Found[]> {
  const release = await loadRelease(RELEASE);
  const sets = await questionSets(dataFolder, PER_SET);
  const found: Found[] = [];
  for (const set of sets) {
    found.push(...(await searchAll(set, sets, release)));
    console.log(`${set.name.padEnd(20)} ${set.asked.length} questions`);
  }
  return found;
}

const learnPassages = (found: readonly Found[]): Features => learnRanking(passageLists(found), NO_REASON_AGAINST);

const learnSupport = (found: readonly Found[], passage: Features): Optimised =>
  learnLogistic(found.flatMap((one) => supportCase(one, passage) ?? []));

function supportOf(one: Case | undefined, { bias, weights }: Optimised): number {
  if (!one) return 0;
  const sum = Object.entries(one.features).reduce((total, [name, value]) => total + value * (weights[name] ?? 0), bias);
  return 1 / (1 + Math.exp(-sum));
}

function report(
  what: string,
  tested: readonly Found[],
  listOf: (one: Found) => List | undefined,
  weights: Features,
): void {
  for (const name of new Set(tested.map(({ set }) => set))) {
    const answerable = tested.filter(({ set, asked }) => set === name && asked.gold.length > 0);
    const lists = answerable.flatMap((one) => listOf(one) ?? []);
    const [first, three] = [firstRight(lists, weights, 1), firstRight(lists, weights, 3)];
    console.log(`${what.padEnd(12)} ${name.padEnd(20)} right first ${first}, in three ${three}`);
  }
}

function reportSupport(scored: readonly Scored[]): void {
  for (const name of new Set(scored.map(({ found }) => found.set))) {
    const of = scored.filter(({ found }) => found.set === name);
    const [foreign, near] = [auroc(of, "foreign"), auroc(of, "near")];
    console.log(`support      ${name.padEnd(20)} AUROC other subjects ${foreign}, near misses ${near}`);
  }
}

function write(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
