import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { CHILD_ENV } from "../helpers/child-env.ts";
import { freePorts } from "../helpers/free-ports.ts";

const ROOT = join(import.meta.dirname, "../..");

export type Spawned = {
  readonly child: ChildProcess;
  output(): { stdout: string; stderr: string };
  /** Resolves to the address once the process serves. */
  listening(): Promise<string>;
  /** Resolves once every document is searchable. */
  ready(): Promise<void>;
  /** Resolves to the exit code. */
  exited(): Promise<number | null>;
};

/** `npm start` as a process of its own, with nothing of the environment but what the test gives. `root` is another checkout. */
export function spawnLocal(env: Readonly<Record<string, string>>, paths: readonly string[] = [], root = ROOT): Spawned {
  const main = join(root, "services/local/main.ts");
  const child = spawn(process.execPath, [main, ...paths], { env: { ...CHILD_ENV, ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (piece: Buffer) => {
    stdout += piece;
  });
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece;
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  const printed = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(stdout)?.[1];
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`It exited with ${child.exitCode}: ${stderr}`);
      await Promise.race([once(child.stdout, "data"), exit]);
    }
  };
  return {
    child,
    output: () => ({ stdout, stderr }),
    listening: () => printed(/^Cairn listens on (\S+)$/m),
    ready: async () => void (await printed(/(Ask it something)/)),
    exited: async () => (await exit)[0],
  };
}

/** Ports for `npm start`, as settings. */
export async function freeSettings(): Promise<{ CAIRN_PORT: string; CAIRN_GATEWAY_PORT: string }> {
  const [port, gatewayPort] = await freePorts();
  return { CAIRN_PORT: String(port), CAIRN_GATEWAY_PORT: String(gatewayPort) };
}
