import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/stores/**", "test/model/**", "test/browser/**", "test/cluster/**"],
    pool: "forks",
    // Half of a process's start is reading its modules: Node keeps what it has compiled for the next one.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node") },
    // Half of the time is spent waiting for processes and sockets, so two cores are kept busy by three files at once.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
