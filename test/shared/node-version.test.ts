import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

test("what is compiled at one start is kept for the next", () => {
  const script = "process.stdout.write(process.getBuiltinModule('node:module').getCompileCacheDir() ?? '')";
  const args = ["--import", join(ROOT, "services/shared/node-version.mjs"), "-e", script];
  const kept = execFileSync(process.execPath, args, { encoding: "utf8", env: { PATH: process.env.PATH ?? "" } });
  expect(kept.startsWith(join(ROOT, "node_modules/.cache/node"))).toBe(true);
});
