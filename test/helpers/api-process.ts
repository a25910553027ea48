import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { CHILD_ENV } from "./child-env.ts";

const MAIN = join(import.meta.dirname, "../../services/retrieval-api/main.ts");

/** The retrieval API as a process of its own. Resolves once it serves. */
export async function apiProcess(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN], { env: { ...CHILD_ENV, ...env } });
  let stderr = "";
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece;
  });
  const exit = once(child, "close") as Promise<[number | null, string | null]>;
  const gone = exit.then(() => {
    if (!stderr.includes('"event":"ready"')) throw new Error(`It ended: ${stderr}`);
  });
  while (!stderr.includes('"event":"ready"')) await Promise.race([once(child.stderr, "data"), gone]);
  return {
    /** Everything that it logged. */
    log: () => stderr,
    /** Sends the signal, and resolves to the exit code when it is gone. */
    async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
      child.kill(signal);
      return (await exit)[0];
    },
  };
}
