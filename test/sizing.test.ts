import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { planOf, SIZES } from "../bench/scale-model.ts";

const GIB_A_TIB = 1024;
/** The figures of a row of the page's table; sizes in GiB. */
function figuresOf(row: string): number[] {
  const cells = row.split("|").slice(2, -1);
  return cells.map((cell) => {
    const numbers = cell
      .replaceAll(",", "")
      .match(/\d+(\.\d+)?/g)!
      .map(Number);
    const figure = /美元/.test(cell) ? numbers.at(-1)! : numbers[0]!;
    return /TiB/.test(cell) ? figure * GIB_A_TIB : figure;
  });
}

test.each(["docs/en/sizing.md", "docs/zh/sizing.md"])("the table of %s is what the model computes", (page) => {
  const rows = readFileSync(page, "utf8")
    .split("\n")
    .filter((line) => /^\| .*(GiB|TiB)/.test(line));
  expect(rows).toHaveLength(SIZES.length);
  for (const [i, size] of SIZES.entries()) {
    const plan = planOf(size);
    const computed = [plan.memoryGiB, plan.diskGiB, plan.stateGiB, plan.shards, plan.nodes, plan.searchMs];
    const [memory, disk, state, shards, nodes, searchMs, dollars] = figuresOf(rows[i]!);
    const shown = [memory!, disk!, state!, shards!, nodes!, searchMs!, dollars!];
    for (const [at, figure] of [...computed, plan.dollarsAMillionQuestions].entries()) {
      expect(Math.abs(shown[at]! - figure), `${rows[i]} column ${at}`).toBeLessThanOrEqual(
        Math.max(0.5, figure * 0.03),
      );
    }
  }
});
