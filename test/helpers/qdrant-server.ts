import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free-ports.ts";

const PYTHON = process.env.PYTHON ?? "python3";
const SERVER = join(import.meta.dirname, "qdrant_edge_server.py");

export type Fault = {
  readonly status?: number;
  readonly times?: number;
  readonly retry_after?: number;
  readonly delay_ms?: number;
  readonly close?: "before" | "after";
  readonly path?: string;
  readonly method?: string;
};

/** Whether Qdrant's own engine is installed for Python: the package qdrant-edge-py. */
export function hasQdrantEngine(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import qdrant_edge"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Qdrant's engine behind its REST API, in a temporary folder. */
export async function startQdrant(options: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "cairn-qdrant-"));
  const [port] = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const start = async () => {
    const child = spawn(PYTHON, [SERVER, "--port", String(port), "--data", folder, ...options], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error("The Qdrant test server did not start")));
      child.stdout.once("data", () => resolve());
    });
    return child;
  };
  let server = await start();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill(signal);
    await ended;
  };
  return {
    url,
    /** What the next requests meet. */
    async fault(faults: readonly Fault[]): Promise<void> {
      await fetch(`${url}/_faults`, { method: "POST", body: JSON.stringify(faults) });
    },
    noFaults: async (): Promise<void> => void (await fetch(`${url}/_faults`, { method: "DELETE" })),
    kill: () => end("SIGKILL"),
    async startAgain(): Promise<void> {
      server = await start();
    },
    async stop(): Promise<void> {
      if (server.exitCode === null && server.signalCode === null) await end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
