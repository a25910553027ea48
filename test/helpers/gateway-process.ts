import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../services/gateway/main.ts");

/** The gateway as a process of its own, with a route file. */
export async function gatewayProcess(routes: string) {
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  const file = join(folder, "routes.yaml");
  writeFileSync(file, routes);
  const [port, operations] = await freePorts();
  const env = {
    PATH: process.env.PATH ?? "",
    CAIRN_GATEWAY_PORT: String(port),
    CAIRN_METRICS_PORT: String(operations),
  };
  const child = spawn(process.execPath, [MAIN, "--routes", file], { env });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (piece: Buffer) => {
    stdout += piece;
  });
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece;
  });
  const exit = once(child, "exit") as Promise<[number | null, string | null]>;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    operations: `http://127.0.0.1:${operations}`,
    child,
    output: () => ({ stdout, stderr }),
    async ready(): Promise<void> {
      while (!stdout.includes('"ready"')) {
        if (child.exitCode !== null) throw new Error(`It exited with ${child.exitCode}: ${stderr}`);
        await Promise.race([once(child.stdout, "data"), exit]);
      }
    },
    exited: async () => (await exit)[0],
    /** Bytes of memory that the process holds now. */
    resident: (): number => {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    },
    async close(): Promise<void> {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}

export type GatewayProcess = Awaited<ReturnType<typeof gatewayProcess>>;

/** Two that were free a moment ago. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ports.push((server.address() as { port: number }).port);
  }
  for (const server of servers) server.close();
  return [ports[0]!, ports[1]!];
}

/** A route file of one model, `chat`. */
export const routesTo = (baseUrl: string, more = "", model = ""): string => `
upstreams:
  a: { base_url: "${baseUrl}", model: m${more && `, ${more}`} }
models:
  chat: { tiers: [[a]]${model && `, ${model}`} }
`;
