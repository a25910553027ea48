import type { SearchIndex } from "./index.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./telemetry.ts";

/** To be called when a process is ready: nobody need wait for it. A search that comes before it is done finds the same. */
export async function warmIndex(
  index: Pick<SearchIndex, "warm">,
  { metrics, log }: { readonly metrics: Pick<Metrics, "indexWarm">; readonly log: Log },
): Promise<void> {
  try {
    await index.warm();
    metrics.indexWarm.set(1);
  } catch (error) {
    log.error("index not in memory", error);
  }
}
