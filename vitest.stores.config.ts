import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** On PostgreSQL and Qdrant: `npm run test:stores`. Tests outside of `test/stores` are those that also run on SQLite. */
export default defineConfig({
  test: {
    include: [
      "test/stores/**/*.test.ts",
      "test/shared/{queue,database}.test.ts",
      "test/ingest/{accept,batch,documents-access,documents-api,folder-source,backup,jobs,pipeline,reconcile,reindex,syncs,web-source}.test.ts",
    ],
    globalSetup: "test/stores/setup.ts",
    pool: "forks",
    // Half of a process's start is reading its modules: Node keeps what it has compiled for the next one.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node") },
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
