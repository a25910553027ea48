import { existsSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOfJson } from "#shared/digest.ts";
import { loadRelease } from "#shared/release.ts";
import type { Served } from "../local-process.ts";
import { operationsOf } from "../report/operations.ts";
import type { Results, Timings } from "../results.ts";
import { type RunDeps, run } from "../run.ts";
import type { Suite } from "../suite.ts";
import { type Change, cellsOf, changed } from "./cells.ts";
import { type Cell, leaderboard, leaderboardTable, type Ranked, winnerOf } from "./leaderboard.ts";
import type { Sweep } from "./sweep-file.ts";

export type SweepDeps = Omit<RunDeps, "release" | "serve" | "limit" | "resume"> & {
  /** The folder of the release that is changed. */
  readonly releaseFolder: string;
  /** A server with the release of this folder. */
  readonly serve: (releaseFolder: string, signal: AbortSignal) => Promise<Served>;
  /** Digest of all that runs: a cell that was measured with other code is measured again. */
  readonly codeDigest: string;
};

export type SweepResult = { readonly ranked: readonly Ranked[]; readonly winner: Ranked | undefined };

/**
 * Every cell in turn, then leaderboard.md and, when a cell is surely better than the release, that release.json.
 * Measured cells are kept in the folder, so that a second run, or one on another machine, only adds what is missing.
 * With `only`, just that cell is measured.
 */
export async function runSweep(
  sweep: Sweep,
  suite: Suite,
  folder: string,
  deps: SweepDeps,
  only: number | undefined,
  signal: AbortSignal,
): Promise<SweepResult | undefined> {
  const cells = cellsOf(sweep);
  if (only !== undefined) {
    const change = cells[only];
    if (!change) throw new Error(`There is no cell ${only}: the grid has the cells 0 to ${cells.length - 1}.`);
    await measure(sweep, suite, change, folder, deps, signal);
    return undefined;
  }
  const measured: Cell[] = [];
  for (const change of cells) measured.push(await measure(sweep, suite, change, folder, deps, signal));
  const ranked = leaderboard(measured, sweep.metric);
  const winner = winnerOf(ranked);
  await writeFile(join(folder, "leaderboard.md"), `# ${sweep.name}\n\n${leaderboardTable(ranked, sweep.metric)}\n`);
  if (winner) await writeFile(join(folder, "release.json"), await releaseText(deps.releaseFolder, winner.change));
  return { ranked, winner };
}

/** The text of a release.json with these fields changed. */
export async function releaseText(releaseFolder: string, change: Change): Promise<string> {
  const release = JSON.parse(await readFile(join(releaseFolder, "release.json"), "utf8")) as object;
  return `${JSON.stringify(changed(release, change), null, 2)}\n`;
}

async function measure(
  { limit, suite: name }: Sweep,
  suite: Suite,
  change: Change,
  folder: string,
  deps: SweepDeps,
  signal: AbortSignal,
): Promise<Cell> {
  const { codeDigest, releaseFolder, serve } = deps;
  const text = await releaseText(releaseFolder, change);
  const key = digestOfJson({ codeDigest, text, suite, limit: limit ?? null }).slice(0, 16);
  const home = join(folder, "cells", key);
  if (!existsSync(join(home, "results.json"))) {
    const own = join(home, "release");
    await mkdir(home, { recursive: true });
    await cp(releaseFolder, own, { recursive: true });
    await writeFile(join(own, "release.json"), text);
    const release = await loadRelease(own);
    const cell = { ...deps, release, limit, resume: true, serve: (until: AbortSignal) => serve(own, until) };
    const { results } = await run([suite], home, cell, signal);
    const [first] = results.suites;
    if (first?.status === "skipped") throw new Error(`${name}: ${first.reason}`);
  }
  const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(join(home, file), "utf8")) as T;
  const [result] = (await read<Results>("results.json")).suites;
  if (result?.status !== "run") throw new Error(`${home} holds no results. Remove the folder and run the sweep again.`);
  const times = operationsOf((await read<Timings>("timings.json"))[result.name]!);
  return { change, suite: result, p50: times.at(-1)?.p50 ?? 0 };
}
