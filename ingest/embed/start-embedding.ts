import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { Log } from "#shared/log.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { ReindexStore } from "../reindex/reindex.ts";
import { embedChunks, type VectorIndex } from "./embed-chunks.ts";
import { followEmbedder } from "./follow-embedder.ts";
import { inspectEmbedder } from "./inspect-embedder.ts";
import { holdLease } from "./lease.ts";

const IDLE_MS = 2_000;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** How often the gateway is asked what its embedder is. */
const LOOK_MS = 60_000;
const LEASE = "embedding";

export type EmbeddingDeps = ReindexStore & {
  readonly index: VectorIndex;
  readonly embed: Embed;
  /** Whether the index is built anew without being asked when the embedder has changed. */
  readonly byItself: boolean;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "chunksWithoutVector" | "embeddedChunks">;
};

/**
 * Gives passages their vectors beside all other work: text is found before, and no document waits for it. One process
 * of all does it at a time. Whatever it is told to wait for, it waits; nothing is lost when it stops anywhere.
 */
export function startEmbedding(deps: EmbeddingDeps) {
  const { log, metrics, embed, index, now } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const lease = holdLease(deps.db, LEASE, deps.newId(), now);
  let lookAt = 0;
  let pauseMs = 0;
  let told = "";

  async function follow(): Promise<void> {
    if (now() < lookAt) return;
    const manifest = await inspectEmbedder(embed, signal);
    await followEmbedder(deps, manifest, deps);
    lookAt = now() + (deps.byItself && (await isMaking()) ? IDLE_MS : LOOK_MS);
  }
  const isMaking = async (): Promise<boolean> =>
    (await deps.db.get("select 1 as one from reindex where state in ('building', 'ready') limit 1")) !== undefined;

  async function turn(): Promise<number> {
    if (!(await lease.take())) return IDLE_MS;
    await follow();
    const { written, left } = await embedChunks(index, embed, signal);
    metrics.embeddedChunks.inc(written);
    metrics.chunksWithoutVector.set(left);
    pauseMs = 0;
    told = "";
    return left > 0 ? 0 : IDLE_MS;
  }

  /** How long to wait after a failure. Said once, until it is over. */
  function pauseAfter(error: unknown): number {
    pauseMs = Math.min(MAX_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pauseMs));
    const message = error instanceof Error ? error.message : String(error);
    if (message !== told && error instanceof AppError) log.warn("passages wait for their vectors", { reason: message });
    else if (message !== told) log.error("embedding failed", error);
    told = message;
    // Another embedder: look at once what is to be done about it.
    if (error instanceof AppError && error.code === "conflict") lookAt = 0;
    const asked = error instanceof AppError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(asked, pauseMs);
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      const wait = await turn().catch(pauseAfter);
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
    await lease.release().catch(() => undefined);
  }
  const running = loop();
  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
