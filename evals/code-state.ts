import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Results } from "./results.ts";

const MEASURED = ["services", "ingest", "evals", "releases", "package-lock.json"];

/** The revision that is measured, and whether files of it differ from it. `unknown` outside of a repository. */
export async function codeState(root: string): Promise<Results["code"]> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)("git", args, { cwd: root })).stdout.trim();
  try {
    const changed = (await git("status", "--porcelain", "--", ...MEASURED)) !== "";
    return { revision: await git("rev-parse", "HEAD"), changed };
  } catch {
    return { revision: "unknown", changed: false };
  }
}
