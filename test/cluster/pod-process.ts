import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePorts } from "../helpers/free-ports.ts";

const ROOT = join(import.meta.dirname, "../..");

export type PodProcess = Awaited<ReturnType<typeof podProcess>>;

/** One of our processes, as a pod has it: two ports and an environment. Resolves once it says that it is ready. */
export async function podProcess(main: string, portSetting: string, env: Readonly<Record<string, string>>) {
  const [port, operations] = await freePorts();
  const child = spawn(process.execPath, [join(ROOT, main)], {
    env: { PATH: process.env.PATH ?? "", ...env, [portSetting]: String(port), CAIRN_METRICS_PORT: String(operations) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece;
  });
  const exit = once(child, "close") as Promise<[number | null]>;
  const gone = exit.then(() => {
    throw new Error(`${main} ended: ${stderr}`);
  });
  gone.catch(() => {});
  while (!stderr.includes('"event":"ready"')) await Promise.race([once(child.stderr, "data"), gone]);
  return {
    port,
    operations: `http://127.0.0.1:${operations}`,
    stderr: () => stderr,
    /** SIGTERM, as the kubelet sends it after preStop. Resolves to the exit code. */
    async terminate(): Promise<number | null> {
      child.kill("SIGTERM");
      return (await exit)[0];
    },
    async kill(): Promise<void> {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exit;
    },
  };
}
