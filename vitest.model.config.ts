import { defineConfig } from "vitest/config";

/** In front of a real model server: `npm run test:model`. */
export default defineConfig({
  test: {
    include: ["test/model/**/*.test.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
