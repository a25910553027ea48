import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import type { SearchIndex } from "#shared/index.ts";
import type { Log } from "#shared/log.ts";
import { pruneOutbox } from "#shared/outbox.ts";
import type { Metrics } from "#shared/telemetry.ts";
import { closeRuns } from "../close-runs.ts";
import { resumeErasures } from "../erase/resume-erasures.ts";
import { pruneJobs } from "../jobs.ts";
import { reconcile } from "../reconcile.ts";
import { createBlobReconciler } from "../reconcile-blobs.ts";

const PRUNE_EVERY_MS = 3_600_000;
const KEEP_MESSAGES_MS = 30 * 86_400_000;
const CLOSE_EVERY_MS = 1_000;
const RECONCILE_EVERY_MS = 600_000;
/** After a store was away the index may lack something, or hold too much. */
const RECONCILE_SOON_MS = 5_000;
const CHECK_FILES_EVERY_MS = 86_400_000;
const MISSING_LOGGED = 20;

export type HousekeepingDeps = {
  readonly db: Database;
  readonly blobs: Blobs;
  readonly index: Pick<SearchIndex, "remove" | "versions">;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly newId: () => string;
};

/** What a worker looks after between two batches, each at its own times, the first time at its start. */
export function createHousekeeping({ db, blobs, index, log, metrics, now, newId }: HousekeepingDeps) {
  const reconcileBlobs = createBlobReconciler({ db, blobs, now });
  const stopping = new AbortController();
  let checkingFiles: Promise<void> = Promise.resolve();
  let [pruneAt, closeAt, reconcileAt, checkFilesAt] = [0, 0, 0, 0];

  async function prune(): Promise<void> {
    if (now() < pruneAt) return;
    pruneAt = now() + PRUNE_EVERY_MS;
    const pruned = await pruneJobs(db, now());
    if (pruned > 0) log.info("pruned", { jobs: pruned });
    await pruneOutbox(db, now() - KEEP_MESSAGES_MS);
    const resumed = await resumeErasures(db, now);
    if (resumed > 0) log.warn("erasures begin again", { erasures: resumed });
  }

  async function closeEndedRuns(): Promise<void> {
    if (now() < closeAt) return;
    closeAt = now() + CLOSE_EVERY_MS;
    await closeRuns(db, now, newId);
  }

  async function reconcileIndex(): Promise<void> {
    if (now() < reconcileAt) return;
    reconcileAt = now() + RECONCILE_EVERY_MS;
    try {
      const { removed, requeued } = await reconcile(db, index, now);
      metrics.indexDrift.inc({ repair: "removed" }, removed);
      metrics.indexDrift.inc({ repair: "requeued" }, requeued);
      log.info("reconciled", { removed, requeued });
    } catch (error) {
      reconcileAt = now() + RECONCILE_SOON_MS;
      log.error("reconciliation failed", error);
    }
  }

  /** Beside the work: a large store takes minutes to list, and no document waits for it. */
  function checkFilesAtTimes(): void {
    if (now() < checkFilesAt) return;
    checkFilesAt = now() + CHECK_FILES_EVERY_MS;
    checkingFiles = checkFiles().catch((error) => {
      if (!stopping.signal.aborted) log.error("reconciliation of files failed", error);
    });
  }

  async function checkFiles(): Promise<void> {
    await checkingFiles;
    const { removed, missing } = await reconcileBlobs(stopping.signal);
    metrics.blobDrift.inc(removed);
    metrics.blobsMissing.set(missing.length);
    metrics.reconciledAt.set(now() / 1000);
    log.info("files reconciled", { removed, missing: missing.length });
    for (const versionId of missing.slice(0, MISSING_LOGGED)) log.warn("stored file is missing", { versionId });
  }

  return {
    /** All that is due. */
    async run(): Promise<void> {
      await prune();
      await closeEndedRuns();
      await reconcileIndex();
      checkFilesAtTimes();
    },
    storeWasAway(): void {
      reconcileAt = Math.min(reconcileAt, now() + RECONCILE_SOON_MS);
    },
    stop: (): void => stopping.abort(),
    /** Resolves when nothing of it is under way any more. */
    ended: (): Promise<void> => checkingFiles,
  };
}
