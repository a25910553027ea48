import { spawnSync } from "node:child_process";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname, "../test/browser/measure-page.ts");

/** A program of its own: it is checked with the types of a browser, which those of a server know nothing of. */
export function page(): void {
  const { status } = spawnSync(process.execPath, [...process.execArgv, PROGRAM], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
