import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CHILD_ENV } from "../../helpers/child-env.ts";
import type { Environment } from "./desk-settings.ts";

const READY_WITHIN_MS = 120_000;

type Wanted = {
  readonly command: readonly [string, ...string[]];
  readonly env: Environment;
  readonly logFile: string;
  /** What it says when it is ready. Without: it is ready when it has ended. */
  readonly ready?: string;
};

/** Starts what a container runs; its lines go to a log as a kubelet writes it. Resolves when it is ready, to what stops it. */
export async function containerProgram({ command, env, logFile, ready }: Wanted): Promise<() => Promise<void>> {
  const [program, ...args] = command;
  const child = spawn(program, args, { env: { ...CHILD_ENV, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (piece: Buffer) => {
      said += piece;
      const lines = String(piece).trimEnd().split("\n");
      appendFileSync(logFile, lines.map((line) => `${new Date().toISOString()} ${stream} F ${line}\n`).join(""));
    });
  const ended = once(child, "close") as Promise<[number | null]>;
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const until = performance.now() + READY_WITHIN_MS;
  while (!hasEnded() && !(ready !== undefined && said.includes(ready)) && performance.now() < until) await sleep(20);
  if (ready === undefined ? child.exitCode !== 0 : !said.includes(ready))
    throw new Error(`${command.join(" ")} does not do what it should: ${said}`);
  return async () => {
    if (!hasEnded()) child.kill("SIGTERM");
    await ended;
  };
}
