import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHILD_ENV } from "./child-env.ts";
import { freePorts } from "./free-ports.ts";

const MAIN = join(import.meta.dirname, "../../services/gateway/main.ts");

/** The gateway as a process of its own, with a route file. */
export async function gatewayProcess(routes: string, nodeOptions: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  const file = join(folder, "routes.yaml");
  writeFileSync(file, routes);
  const [port, operations] = await freePorts();
  const env = {
    ...CHILD_ENV,
    CAIRN_GATEWAY_PORT: String(port),
    CAIRN_METRICS_PORT: String(operations),
  };
  const child = spawn(process.execPath, [...nodeOptions, MAIN, "--routes", file], { env });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (piece: Buffer) => {
    stdout += piece;
  });
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece;
  });
  const exit = once(child, "close") as Promise<[number | null, string | null]>;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    operations: `http://127.0.0.1:${operations}`,
    child,
    output: () => ({ stdout, stderr }),
    /** Resolves once it serves. */
    async ready(): Promise<void> {
      const gone = exit.then(() => {
        throw new Error(`It ended: ${stderr}`);
      });
      while (!stderr.includes('"event":"ready"')) await Promise.race([once(child.stderr, "data"), gone]);
    },
    exited: async () => (await exit)[0],
    /** Bytes in its heap and buffers that are no garbage. Needs the option `--inspect`. */
    held: () => heldBy(/ws:\S+/.exec(stderr)![0]),
    async close(): Promise<void> {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}

export type GatewayProcess = Awaited<ReturnType<typeof gatewayProcess>>;

export type Held = { readonly heapUsed: number; readonly arrayBuffers: number };

/** Asks Node's inspector, which can collect garbage before. */
async function heldBy(inspector: string): Promise<Held> {
  const socket = new WebSocket(inspector);
  await once(socket, "open");
  const ask = async (method: string, params: object): Promise<unknown> => {
    socket.send(JSON.stringify({ id: 1, method, params }));
    const [{ data }] = (await once(socket, "message")) as [{ data: string }];
    return (JSON.parse(data) as { result: { result?: { value?: unknown } } }).result.result?.value;
  };
  // Buffers are freed a little later than what held them.
  for (let time = 0; time < 3; time++) await ask("HeapProfiler.collectGarbage", {});
  const held = await ask("Runtime.evaluate", { expression: "process.memoryUsage()", returnByValue: true });
  socket.close();
  return held as Held;
}

/** A route file of one model, `chat`. */
export const routesTo = (baseUrl: string, more = "", model = ""): string => `
upstreams:
  a: { base_url: "${baseUrl}", model: m${more && `, ${more}`} }
models:
  chat: { tiers: [[a]]${model && `, ${model}`} }
`;
