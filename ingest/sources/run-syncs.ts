import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import type { Store } from "../document-row.ts";
import type { List } from "./listing.ts";
import type { Source } from "./sources.ts";
import { createSyncQueue, type Leased, SYNCS_CHANNEL } from "./sync-queue.ts";
import { syncSource } from "./sync-source.ts";

const POLL_MS = 1_000;
/** A quarter of a lease. */
const HEARTBEAT_MS = 15_000;
const PROGRESS_MS = 1_000;
/** So that one long crawl does not keep all other sources waiting. */
const AT_ONCE = 2;

export type SyncsDeps = {
  readonly store: Store;
  /** How to list a source. Throws an `AppError` for one that this process may not reach. */
  readonly listOf: (source: Source) => List;
  /** Tells a worker in the same process that there is work. */
  readonly wake: () => void;
  readonly log: Log;
};

/**
 * Syncs sources, a few at a time, when somebody asks for it or when their schedule is due. Beside the worker's loop, so
 * that no upload waits for a crawl; what a sync finds waits in the queue behind uploads.
 */
export function startSyncs({ store, listOf, wake, log }: SyncsDeps): { stop(): Promise<void> } {
  const { db, now, newId } = store;
  const queue = createSyncQueue(db, now, newId);
  const stopping = new AbortController();
  const sleepers = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wakeOne of sleepers) wakeOne();
  };

  async function run(source: Leased): Promise<void> {
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping.signal, lost.signal]);
    let progress: object = {};
    let told = 0;
    const renew = (): void => {
      told = now();
      queue.renew(source, progress).then(
        (held) => {
          if (!held) lost.abort();
        },
        (error) => log.error("renewal failed", error),
      );
    };
    const heartbeat = setInterval(renew, HEARTBEAT_MS);
    try {
      const report = await syncSource(
        store,
        source,
        listOf(source),
        {
          ...source.asked,
          onBatch: wake,
          onProgress: (counts) => {
            progress = counts;
            if (now() - told >= PROGRESS_MS) renew();
          },
        },
        signal,
      );
      await queue.complete(source, report);
      const { added, changed, removed, unchanged, held } = report;
      log.info("synced", { source: source.id, kind: source.kind, added, changed, removed, unchanged, held });
    } catch (error) {
      if (lost.signal.aborted) return;
      if (stopping.signal.aborted) return await queue.giveBack(source);
      if (error instanceof AppError) {
        log.warn("sync failed", { source: source.id, kind: source.kind, code: error.code });
        await queue.fail(source, error.code, error.message);
        return;
      }
      log.error("sync failed", error, { source: source.id, kind: source.kind });
      await queue.fail(source, "internal", "Something went wrong on our side. The log of the process has more.");
    } finally {
      clearInterval(heartbeat);
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const source = await queue.lease();
        if (source) {
          await run(source);
          continue;
        }
      } catch (error) {
        log.error("syncs failed", error);
      }
      await sleep();
    }
  }

  /** Each of those at work waits by itself: they must not share what ends their waiting. */
  async function sleep(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    sleepers.add(resolve);
    const timer = setTimeout(resolve, POLL_MS);
    if (!stopping.signal.aborted) await promise;
    clearTimeout(timer);
    sleepers.delete(resolve);
  }

  const stopHearing = db.hear(SYNCS_CHANNEL, wakeAll);
  const running = Promise.all(Array.from({ length: AT_ONCE }, loop));
  return {
    async stop() {
      stopping.abort();
      wakeAll();
      stopHearing();
      await running;
    },
  };
}
