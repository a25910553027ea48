import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authenticateBy } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { loadRelease } from "#shared/release.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { run } from "../../services/cli/app.ts";
import { startLocal } from "../../services/local/app.ts";
import { openEmbeddedState } from "../helpers/embedded-state.ts";
import { lineageDeps } from "../helpers/lineage-deps.ts";

const ROOT = join(import.meta.dirname, "../..");
const HOST = "127.0.0.1";

export type Place = { readonly url: string; readonly key?: string; readonly cwd?: string };
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Starts the real `./cairn`. `ended` resolves when it has exited. */
export function start(args: readonly string[], { url, key = "", cwd = ROOT }: Place) {
  const env = { ...process.env, CAIRN_URL: url, CAIRN_KEY: key };
  const child = spawn(join(ROOT, "cairn"), args, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]): Ended => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
}

/** The command line in this process, unless it is to be called elsewhere: to start one takes longer than most tests. */
export async function cairn(place: Place, ...args: readonly string[]): Promise<Ended> {
  if (place.cwd !== undefined) return start(args, place).ended;
  let [stdout, stderr] = ["", ""];
  const code = await run(
    args,
    { url: place.url, key: place.key },
    { write: (text: string) => (stdout += text) },
    { write: (text: string) => (stderr += text) },
    new AbortController().signal,
  );
  return { code, stdout, stderr };
}

/** A new empty folder, and how to remove it. */
export function tempFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "cairn-cli-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The whole application over a data folder of its own, in open mode unless keys are asked for. */
export async function localCairn(mode: "open" | "keys" = "open") {
  const folder = tempFolder();
  const state = await openEmbeddedState(folder.path);
  const settings = {
    host: HOST,
    port: 0,
    gatewayPort: 0,
    open: mode === "open",
    models: { openaiBaseUrl: undefined, openaiApiKey: undefined, chatModel: undefined },
  };
  const local = await startLocal(settings, {
    state,
    authenticate: authenticateBy(mode, HOST, state.withKeys),
    release: await loadRelease(join(ROOT, "releases/default")),
    ...(await lineageDeps(folder.path)),
    metrics: createMetrics(),
    log: silentLog,
    onProgress: () => {},
  });
  return {
    url: local.address,
    state,
    async stop() {
      await local.stop();
      await state.close();
      folder.remove();
    },
  };
}

/** A server that answers as the test says, for what a healthy Cairn never does. */
export async function pretender(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, HOST);
  await once(server, "listening");
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
