import { httpUrl, optional, readEnv } from "#shared/env.ts";
import { run } from "./app.ts";

const DEFAULT_URL = "http://127.0.0.1:8080";
const BROKEN_PIPE = 141;

async function main(): Promise<void> {
  const interrupted = new AbortController();
  // Once only: a second Ctrl-C ends the process at once, as it does without a handler.
  process.once("SIGINT", () => interrupted.abort());
  // `./cairn search … | head -1` ends the reader first, which is no failure worth a stack.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(BROKEN_PIPE);
    throw error;
  });
  const env = readEnv({ CAIRN_URL: httpUrl, CAIRN_KEY: optional }, process.env);
  const settings = { url: env.CAIRN_URL ?? DEFAULT_URL, key: env.CAIRN_KEY?.trim() };
  process.exitCode = await run(process.argv.slice(2), settings, process.stdout, process.stderr, interrupted.signal);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
