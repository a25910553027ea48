import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const SERVE = join(process.env.MODEL_SERVER_DIR ?? "../shared/model-server", "serve.sh");
const PORT = 9601;
const START_MS = 150_000;

export type ModelServer = { readonly baseUrl: string; readonly model: string | undefined; stop(): void };

/** The server at OPENAI_BASE_URL, else the one that `serve.sh` starts, else why there is none. */
export async function modelServer(): Promise<ModelServer | string> {
  const configured = process.env.OPENAI_BASE_URL;
  if (configured) return { baseUrl: configured, model: process.env.CAIRN_CHAT_MODEL, stop: () => {} };
  if (!existsSync(SERVE)) return `no OPENAI_BASE_URL, and no model server at ${SERVE}`;
  const child = spawn("bash", [SERVE, String(PORT)], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  let words = "";
  child.stderr.on("data", (piece: Buffer) => {
    words = (words + piece).slice(-2000);
  });
  const stop = (): void => {
    if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
  };
  const baseUrl = `http://127.0.0.1:${PORT}/v1`;
  for (const until = Date.now() + START_MS; Date.now() < until && child.exitCode === null; await sleep(200)) {
    const answers = await fetch(`${baseUrl}/models`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return { baseUrl, model: "smollm2", stop };
  }
  stop();
  return `the model server did not start: ${words.trim().split("\n").at(-1)}`;
}
