import { join } from "node:path";
import { httpUrl, optional, readEnv, str } from "#shared/env.ts";
import { runMain } from "#shared/run-main.ts";
import { calibrateCommand } from "./commands/calibrate-command.ts";
import type { EvalSettings } from "./commands/eval-settings.ts";
import { judgeCommand } from "./commands/judge-command.ts";
import { runCommand } from "./commands/run-command.ts";
import { sweepCommand } from "./commands/sweep-command.ts";

async function main(): Promise<void> {
  const env = readEnv(
    {
      EVAL_DATA_DIR: optional,
      CAIRN_KEY: optional,
      CAIRN_GATEWAY_URL: httpUrl,
      CAIRN_GATEWAY_KEY: optional,
      OPENAI_BASE_URL: httpUrl,
      OPENAI_API_KEY: optional,
      CAIRN_CHAT_MODEL: optional,
      PATH: str(""),
    },
    process.env,
  );
  const { OPENAI_BASE_URL, OPENAI_API_KEY, CAIRN_CHAT_MODEL, PATH } = env;
  const passed = Object.entries({ OPENAI_BASE_URL, OPENAI_API_KEY, CAIRN_CHAT_MODEL, PATH });
  const settings: EvalSettings = {
    root: join(import.meta.dirname, ".."),
    dataFolder: env.EVAL_DATA_DIR,
    key: env.CAIRN_KEY?.trim(),
    environment: Object.fromEntries(passed.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    gatewayUrl: env.CAIRN_GATEWAY_URL ?? "http://127.0.0.1:8081",
    gatewayKey: env.CAIRN_GATEWAY_KEY,
  };
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort(new Error("Interrupted.")));
  const [command, ...args] = process.argv.slice(2);
  const { stdout, stderr } = process;
  const { signal } = interrupted;
  if (command === "judge") process.exitCode = await judgeCommand(args, settings, stdout, signal);
  else if (command === "sweep") process.exitCode = await sweepCommand(args, settings, stdout, stderr, signal);
  else if (command === "calibrate") process.exitCode = await calibrateCommand(args, settings, stdout);
  else process.exitCode = await runCommand(process.argv.slice(2), settings, stdout, stderr, signal);
}

runMain(main);
