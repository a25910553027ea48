import { defineConfig } from "vitest/config";

/** The chat page in headless Chromium: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // A page that is read anew on a busy machine takes more than the second that a poll is given by itself.
    expect: { poll: { timeout: 10_000 } },
  },
});
