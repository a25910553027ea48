import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** What counts the timers, sockets, memory or warnings of its process, or replaces something in it, has one of its own. */
const ALONE = [
  "test/gateway/{admission,admission-limits,faults,faults-elsewhere,headers,limits,upstream-exchanges,watch-route-file}.test.ts",
  "test/ingest/parse-process.test.ts",
  "test/shared/codepoints.test.ts",
];
const OTHER_SUITES = ["test/stores/**", "test/model/**", "test/browser/**", "test/cluster/**"];

export default defineConfig({
  test: {
    pool: "forks",
    // Half of a process's start is reading its modules: Node keeps what it has compiled for the next one.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node") },
    // Half of the time is spent waiting for processes and sockets, so two cores are kept busy by three files at once.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        // One process runs many files, one after the other: to load the application for each takes longer than most tests.
        extends: true,
        test: {
          name: "together",
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: [...ALONE, ...OTHER_SUITES],
        },
      },
      { extends: true, test: { name: "alone", include: ALONE } },
    ],
  },
});
