import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { loadRelease } from "#shared/release.ts";
import type { QuestionResult, RunSuite } from "../../evals/results.ts";
import type { Suite } from "../../evals/suite.ts";
import { cellsOf, changed } from "../../evals/sweep/cells.ts";
import { type Cell, leaderboard, leaderboardTable, winnerOf } from "../../evals/sweep/leaderboard.ts";
import { runSweep } from "../../evals/sweep/run-sweep.ts";
import { loadSweep, type Sweep } from "../../evals/sweep/sweep-file.ts";
import { sweepWorkflow } from "../../evals/sweep/workflow.ts";
import { createClient } from "../../services/cli/client.ts";
import { openLocal } from "../helpers/local.ts";

const folder = mkdtempSync(join(tmpdir(), "cairn-sweep-"));
afterAll(() => rmSync(folder, { recursive: true }));
const FILE = "evals/sweeps/refusal-and-evidence.yaml";

test("a grid has every combination, and the release as it is first", async () => {
  const cells = cellsOf(await loadSweep(FILE));
  expect(cells).toHaveLength(1 + 3 * 3);
  expect(cells.slice(0, 2)).toEqual([{}, { "thresholds.support": 0.34, "retrieval.evidence": 4 }]);
});

test("fields are changed in a copy, and only those that a release has", () => {
  const release = { retrieval: { evidence: 6 } };
  expect(changed(release, { "retrieval.evidence": 8 })).toEqual({ retrieval: { evidence: 8 } });
  expect(release.retrieval.evidence).toBe(6);
  expect(() => changed(release, { "retrieval.chunk_size": 8 })).toThrow(
    'A release has no field "retrieval.chunk_size".',
  );
});

const cell = (change: Cell["change"], rightOf: (language: string, i: number) => boolean): Cell => {
  const questions = (["en", "zh"] as const).flatMap((language) =>
    Array.from({ length: 100 }, (_, i) => {
      const values = { answer_correct: rightOf(language, i) ? 1 : 0 };
      return { id: `${language}${i}`, language, expect: "answered", values } as unknown as QuestionResult;
    }),
  );
  return { change, suite: { questions } as unknown as RunSuite, p50: 5 };
};

test("the best cell is the one whose worse language is best, and it wins only when that is sure", () => {
  const now = cell({}, (_, i) => i < 50);
  const english = cell({ a: 1 }, (language, i) => i < (language === "en" ? 90 : 40));
  const both = cell({ a: 2 }, (_, i) => i < 60);
  const hardly = cell({ a: 3 }, (_, i) => i < 51);
  const ranked = leaderboard([now, english, both, hardly], "answer_correct");
  expect(ranked.map(({ change }) => change.a)).toEqual([2, 3, undefined, 1]);
  expect(winnerOf(ranked)?.change).toEqual({ a: 2 });
  expect(winnerOf(leaderboard([now, english, hardly], "answer_correct"))).toBeUndefined();
  expect(leaderboardTable(ranked, "answer_correct")).toMatch(
    /\| 1 \| a = 2 \| 0\.600 \(0\.\d+ to 0\.\d+\) \| \+0\.100 \(/,
  );
});

test("the same file is an Argo Workflow with a step for each cell", async () => {
  const text = readFileSync(FILE, "utf8");
  const [configMap, workflow] = parseAllDocuments(sweepWorkflow(await loadSweep(FILE), text)).map((one) => one.toJS());
  expect(configMap.data["sweep.yaml"]).toBe(text);
  expect(workflow).toMatchObject({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    spec: { entrypoint: "sweep" },
  });
  const [steps, one, last] = workflow.spec.templates;
  expect(steps.steps[0][0].withSequence.count).toBe("10");
  expect(one.container.args).toEqual([
    "evals/main.ts",
    "sweep",
    "/sweep/sweep.yaml",
    "--cell",
    "{{inputs.parameters.cell}}",
  ]);
  expect(last.container.args.at(-1)).toBe("/sweep/sweep.yaml");
});

test("cells are measured once, each with its own release", async () => {
  const suite: Suite = {
    name: "tiny",
    description: "",
    tier: "advisory",
    data: { format: "golden", questions: { en: "q.jsonl" }, folders: ["docs"] },
    request: { chat: { record: false } },
    relevance: "span",
    metrics: ["outcome_correct", "failures"],
  };
  const root = join(folder, "project");
  cpSync("releases/default", join(root, "release"), { recursive: true });
  cpSync("docs/en/limits.md", join(root, "docs/limits.md"));
  writeFileSync(
    join(root, "q.jsonl"),
    '{"id":"a","kind":"k","question":"How large may a file be?","expect":"answered"}\n',
  );
  const sweep: Sweep = {
    name: "tiny",
    suite: "tiny",
    metric: "outcome_correct",
    grid: { "thresholds.support": [0.99] },
  };
  const served: number[] = [];
  const deps = {
    connect: (url: string) => createClient({ url, key: undefined }),
    serve: async (release: string) => {
      served.push((await loadRelease(release)).thresholds.support);
      const app = await openLocal();
      return { url: app.address, log: () => "", stop: app.close };
    },
    folders: { root, data: undefined },
    releaseFolder: join(root, "release"),
    code: { revision: "", changed: false },
    codeDigest: "1",
    concurrency: 1,
    lanes: 1,
    now: () => performance.now(),
    onStep: () => {},
  };
  const out = join(folder, "out");
  await runSweep(sweep, suite, out, deps, 1, AbortSignal.timeout(30_000));
  expect(served.splice(0)).toEqual([0.99]);
  const result = await runSweep(sweep, suite, out, deps, undefined, AbortSignal.timeout(30_000));
  expect(served.splice(0)).toEqual([(await loadRelease("releases/default")).thresholds.support]);
  expect(result!.ranked).toHaveLength(2);
  expect(result!.winner).toBeUndefined();
  expect(existsSync(join(out, "release.json"))).toBe(false);
  expect(readFileSync(join(out, "leaderboard.md"), "utf8")).toContain("the release as it is");
  await runSweep(sweep, suite, out, { ...deps, codeDigest: "2" }, 0, AbortSignal.timeout(30_000));
  expect(served).toHaveLength(1);
});
