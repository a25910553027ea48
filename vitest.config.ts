import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Files that leave nothing in their process and look at nothing that others may have left there. */
const TOGETHER = [
  "test/*.test.ts",
  "test/{cli,contract,evals,local,retrieval-api,shared}/**/*.test.ts",
  // It looks at the children of its process.
  "test/ingest/**/!(parse-process).test.ts",
];
const OTHER_SUITES = ["test/stores/**", "test/model/**", "test/browser/**", "test/cluster/**"];

export default defineConfig({
  test: {
    pool: "forks",
    globalSetup: "test/helpers/run-folder.ts",
    // Half of a process's start is reading its modules: Node keeps what it has compiled for the next one.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node") },
    // Half of the time is spent waiting for processes and sockets, so two cores are kept busy by three files at once.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        // One process runs many files, one after the other: to load the application for each takes longer than its tests.
        extends: true,
        test: { name: "together", isolate: false, include: TOGETHER },
      },
      {
        extends: true,
        test: { name: "alone", include: ["test/**/*.test.ts"], exclude: [...TOGETHER, ...OTHER_SUITES] },
      },
    ],
  },
});
