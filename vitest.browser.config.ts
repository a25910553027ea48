import { defineConfig } from "vitest/config";

/** The chat page in headless Chromium: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Nothing here is decided by the clock: a machine that ten others work on, too, is only slower.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A page that is read anew on a busy machine takes more than the second that a poll is given by itself.
    expect: { poll: { timeout: 10_000 } },
  },
});
