import type { Database } from "../database.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../telemetry.ts";
import type { KeyRing } from "./key-ring.ts";
import { publishKeys } from "./published-keys.ts";
import { sequence } from "./sequence.ts";

const POLL_MS = 400;

export type SequencerDeps = {
  readonly db: Database;
  readonly ring: KeyRing;
  readonly metrics: Pick<Metrics, "unsequencedLeaves" | "logSecondsBehind">;
  readonly log: Log;
  readonly now: () => number;
};

/** `stop` resolves when what was written until then has its place. */
export type Sequencer = { stop(): Promise<void> };

type Waiting = { readonly tenant: string; readonly leaves: number; readonly oldest: number };

/** Sequences every tenant's log in the background, soon after leaves were written and never while an answer waits. */
export function startSequencer({ db, ring, metrics, log, now }: SequencerDeps): Sequencer {
  let stopping = false;
  let published = "";
  let wake = (): void => {};

  async function round(): Promise<void> {
    await ring.refresh();
    const keys = JSON.stringify(ring.published());
    if (keys !== published) await publishKeys(db, ring.published());
    published = keys;
    const waiting = await db.all<Waiting>(
      "select tenant, count(*) as leaves, min(at) as oldest from log_leaf where sequence is null group by tenant",
    );
    const oldest = Math.min(now(), ...waiting.map((one) => Number(one.oldest)));
    metrics.unsequencedLeaves.set(waiting.reduce((sum, { leaves }) => sum + Number(leaves), 0));
    metrics.logSecondsBehind.set((now() - oldest) / 1000);
    for (const { tenant } of waiting) while ((await sequence(db, ring, tenant, now)) > 0);
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      await round().catch((error) => log.error("sequencing failed", error));
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, POLL_MS);
      if (!stopping) await promise;
      clearTimeout(timer);
    }
    // What was answered until the end is in the log when the process is gone.
    await round().catch((error) => log.error("sequencing failed", error));
  }

  const running = loop();
  return {
    async stop() {
      stopping = true;
      wake();
      await running;
    },
  };
}
