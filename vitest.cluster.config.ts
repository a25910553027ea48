import { defineConfig } from "vitest/config";

/** Manifests and autoscalers on a real control plane: `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: ["test/cluster/*.test.ts"],
    globalSetup: ["test/cluster/control-plane.ts"],
    pool: "forks",
    // They mostly wait for controllers. Each has a namespace of its own.
    maxWorkers: 3,
    testTimeout: 300_000,
    hookTimeout: 180_000,
  },
});
