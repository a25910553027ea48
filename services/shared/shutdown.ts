import type { Log } from "./log.ts";

/** Longest time that open streams get after SIGTERM; `terminationGracePeriodSeconds` must be above it. */
export const DRAIN_MS = 60_000;

export type Stop = { readonly name: string; readonly run: () => Promise<void> };

/**
 * On SIGTERM or SIGINT: `drain` at once (readiness off), then the stops in order, then exit 0; 1 if `DRAIN_MS`
 * was not enough. A second signal exits immediately.
 */
export function onShutdown(log: Log, drain: () => void, stops: readonly Stop[]): void {
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) process.exit(130);
    stopping = true;
    log.info("draining", { signal });
    drain();
    setTimeout(() => process.exit(1), DRAIN_MS).unref();
    for (const { name, run } of stops) await run().catch((error) => log.error("stop failed", error, { name }));
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
