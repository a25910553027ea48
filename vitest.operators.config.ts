import { defineConfig } from "vitest/config";

/** The operator's pages, typed word by word at a real control plane: `npm run test:operators`. */
export default defineConfig({
  test: {
    include: ["test/cluster/pages/*.test.ts"],
    globalSetup: ["test/cluster/control-plane.ts"],
    pool: "forks",
    // Pods are played by real programs that start and stop.
    testTimeout: 300_000,
    hookTimeout: 180_000,
  },
});
