import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const STOP_LIMIT_MS = 15_000;
const MAIN = "services/local/main.ts";

export type Served = {
  readonly url: string;
  /** All that the process has logged so far. */
  log(): string;
  stop(): Promise<void>;
};

/**
 * The application as `npm start` runs it, as a child process over an empty folder that goes with it. `environment` is
 * what it gets of ours: a model server, if there is one. Rejects with its last words when it does not start.
 */
export async function startLocalProcess(
  root: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Served> {
  const home = await mkdtemp(join(tmpdir(), "cairn-evals-"));
  const empty = await mkdtemp(join(tmpdir(), "cairn-evals-empty-"));
  const [port, gatewayPort] = await twoFreePorts();
  const child = spawn(process.execPath, [join(root, MAIN), empty], {
    cwd: root,
    env: { ...environment, CAIRN_DATA: home, CAIRN_PORT: String(port), CAIRN_GATEWAY_PORT: String(gatewayPort) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece: Buffer) => {
      log += piece;
    });
  }
  const exit = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    await exit;
    clearTimeout(limit);
    for (const folder of [home, empty]) await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    while (!/^Documents: /m.test(log)) {
      signal.throwIfAborted();
      if (child.exitCode !== null) throw new Error(`The application did not start:\n${log.trim()}`);
      await Promise.race([once(child.stdout, "data", { signal }), exit]);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, log: () => log, stop };
}

/** Below those that a system gives to outgoing connections, which would take them meanwhile. */
async function twoFreePorts(): Promise<[number, number]> {
  const first = randomInt(10_000, 30_000);
  return (await isFree(first)) && (await isFree(first + 1)) ? [first, first + 1] : twoFreePorts();
}

async function isFree(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const taken = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return !taken;
}
