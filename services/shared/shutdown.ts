import type { Log } from "./log.ts";

/** Longest time that open streams get after SIGTERM; `terminationGracePeriodSeconds` must be above it. */
export const DRAIN_MS = 60_000;
/** The end of it: streams that are cut off leave records, and those must still be written. */
const SAVE_MS = 5000;

export type Stop = { readonly name: string; readonly run: () => Promise<void> };

/**
 * On SIGTERM or SIGINT: `drain` at once (readiness off), then the stops in order, then exit 0. Shortly before `drainMs`
 * is over, or at a second signal, `cut` ends what is still open, and the exit is 1 or 130. A third signal exits at once.
 */
export function onShutdown(
  log: Log,
  drain: () => void,
  stops: readonly Stop[],
  cut?: () => void,
  drainMs: number = DRAIN_MS,
): void {
  const saveMs = cut ? SAVE_MS : 0;
  let signals = 0;
  let code = 0;
  const hurry = (because: number): void => {
    code = because;
    cut?.();
    setTimeout(() => process.exit(code), saveMs).unref();
  };
  const stop = async (signal: string): Promise<void> => {
    signals += 1;
    if (signals === 2) return hurry(130);
    if (signals > 2) process.exit(130);
    log.info("draining", { signal });
    drain();
    setTimeout(hurry, drainMs - saveMs, 1).unref();
    for (const { name, run } of stops) await run().catch((error) => log.error("stop failed", error, { name }));
    process.exit(code);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
