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
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
