import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadRelease } from "#shared/release.ts";
import { type Found, passageList, searchAll, supportCase, unitList } from "./examples.ts";
import { auroc, firstRight, type Scored, thresholdFor } from "./judge.ts";
import { type Case, learnLogistic } from "./logistic.ts";
import type { Features, Optimised } from "./optimise.ts";
import { questionSets } from "./question-sets.ts";
import { type List, learnRanking } from "./softmax.ts";

const RELEASE = "releases/default";
const UNIT_WEIGHTS = "services/gateway/extractive/unit-weights.json";
const PER_SET = 300;
/** Glossaries tell a definition by its heading as well; without one it has to outweigh the rank of its passage. */
const LEAST: Features = { definition: 3 };
/** Share of the handbook's answerable questions that may be refused. */
const OVER_REFUSAL = 0.06;

/**
 * Learns what the readings are worth from the golden set and the visible reading sets, and writes it into the release
 * and the extractive model. Prints how well it does on the half of the questions that it did not learn from.
 */
export async function train(dataFolder: string): Promise<void> {
  const release = await loadRelease(RELEASE);
  const sets = await questionSets(dataFolder, PER_SET);
  const found: Found[] = [];
  for (const set of sets) {
    found.push(...(await searchAll(set, sets, release)));
    console.log(`${set.name.padEnd(12)} ${set.asked.length} questions`);
  }
  const halves = [found.filter((_, i) => i % 2 === 0), found.filter((_, i) => i % 2 === 1)] as const;
  const own = found.filter(({ isForeign }) => !isForeign);
  const passage = learnRanking(own.map(passageList));

  const scored: Scored[] = [];
  for (const [learnt, tested] of [halves, [halves[1], halves[0]] as const]) {
    const ranking = learnRanking(learnt.map(passageList));
    report("passages", tested, (one) => passageList(one), ranking);
    const model = learnSupport(learnt, ranking);
    scored.push(...tested.map((one) => ({ found: one, support: supportOf(supportCase(one, ranking), model) })));
    const units = learnRanking(learnt.flatMap((one) => unitList(one, ranking, release.retrieval) ?? []));
    report("units", tested, (one) => unitList(one, ranking, release.retrieval), units);
  }
  for (const { name } of sets) {
    const of = scored.filter(({ found }) => found.set === name);
    console.log(
      `support      ${name.padEnd(12)} AUROC other subjects ${auroc(of, "foreign")}, near misses ${auroc(of, "near")}`,
    );
  }
  const threshold = thresholdFor(
    scored.filter(({ found }) => found.set === "handbook"),
    OVER_REFUSAL,
  );
  const support = learnSupport(found, passage);
  const units = learnRanking(own.flatMap((one) => unitList(one, passage, release.retrieval) ?? []));
  write(join(RELEASE, "ranking.json"), { version: 1, passage, support });
  const kept = Object.fromEntries(
    Object.entries(units).map(([name, weight]) => [name, Math.max(weight, LEAST[name] ?? weight)]),
  );
  write(UNIT_WEIGHTS, { version: 1, weights: kept });
  const settings = JSON.parse(readFileSync(join(RELEASE, "release.json"), "utf8")) as { thresholds: object };
  write(join(RELEASE, "release.json"), { ...settings, thresholds: { ...settings.thresholds, support: threshold } });
  console.log(`threshold    ${threshold}`);
}

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
    console.log(
      `${what.padEnd(12)} ${name.padEnd(12)} right first ${firstRight(lists, weights, 1)}, in three ${firstRight(lists, weights, 3)}`,
    );
  }
}

function write(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
