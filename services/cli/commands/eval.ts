import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Command } from "../command.ts";

const MAIN = join(import.meta.dirname, "../../../evals/main.ts");

export const evaluate: Command = {
  name: "eval",
  summary: "measure quality: suites, a second opinion, experiments",
  help: `Usage: ./cairn eval [OPTIONS]
       ./cairn eval judge RUN [OPTIONS]
       ./cairn eval sweep FILE [OPTIONS]

The same as npm run evals, which tells its options with npm run evals -- --help.`,
  async run(args, { signal }) {
    // Its own process, because it reads settings of its own and ends by itself on Ctrl-C.
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
      stdio: "inherit",
      signal,
    });
    const [code] = (await once(child, "exit")) as [number | null];
    return code ?? 1;
  },
};
