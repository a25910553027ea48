import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { SearchIndex } from "#shared/index.ts";
import { STATEMENT_TYPE } from "#shared/lineage/dsse.ts";
import type { Log } from "#shared/log.ts";
import { pruneOutbox } from "#shared/outbox.ts";
import { createQueue, JOBS_CHANNEL, type Job } from "#shared/queue.ts";
import type { Metrics } from "#shared/telemetry.ts";
import { closeRuns } from "../close-runs.ts";
import type { VectorIndex } from "../embed/embed-chunks.ts";
import { inspectEmbedder } from "../embed/inspect-embedder.ts";
import { startEmbedding } from "../embed/start-embedding.ts";
import { type EraseDeps, eraseDocument } from "../erase/erase-document.ts";
import type { Seal } from "../erase/receipt.ts";
import { resumeErasures } from "../erase/resume-erasures.ts";
import { pruneJobs } from "../jobs.ts";
import { openParser } from "../parse/parse-process.ts";
import { ingestBatch, type Parse, refileAgain, removeVersions } from "../pipeline.ts";
import { reconcile } from "../reconcile.ts";
import { createBlobReconciler } from "../reconcile-blobs.ts";
import { refileAll } from "../refile.ts";
import { continueReindex, type ReindexDeps } from "../reindex/backfill.ts";
import type { GenerationIndex } from "../reindex/reindex-row.ts";
import { type ListDeps, listWith } from "../sources/list-source.ts";
import { type SyncsDeps, startSyncs } from "../sources/run-syncs.ts";
import { fitting } from "./fitting.ts";

const BATCH = 32;
const POLL_MS = 250;
/** A third of a lease: two renewals may fail before anyone else takes the job. */
const HEARTBEAT_MS = 20_000;
const STOP_LIMIT_MS = 20_000;
const CHECK_FILES_EVERY_MS = 86_400_000;
const MISSING_LOGGED = 20;
const PRUNE_EVERY_MS = 3_600_000;
const KEEP_MESSAGES_MS = 30 * 86_400_000;
const CLOSE_EVERY_MS = 1_000;
const RECONCILE_EVERY_MS = 600_000;
/** After a store was away the index may lack something, or hold too much. */
const RECONCILE_SOON_MS = 5_000;
/** Nothing is leased for so long after a store did not answer, twice as long each time. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** Steps of a small batch are written down for whoever watches the job; for a large one that would cost more than the work. */
const REPORTED_BATCH = 4;

export type Progress = {
  readonly done: number;
  readonly failed: number;
  /** Jobs that are ready or at work. */
  readonly left: number;
};

export type WorkerDeps = {
  readonly db: Database;
  readonly blobs: Blobs;
  readonly index: Pick<SearchIndex, "writeAll" | "refile" | "remove" | "versions" | "scrub">;
  /** The whole index, where this worker builds generations. */
  readonly generations?: GenerationIndex & VectorIndex;
  /** The embedding model of the gateway. Without it passages get no vectors here, and new generations have none. */
  readonly embedding?: { readonly embed: Embed; readonly byItself: boolean } | undefined;
  /** By default a pool of child processes, closed when the worker stops. */
  readonly parse?: Parse;
  /** Signs the receipts of erasures; without it they are not signed. */
  readonly seal?: Seal;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onProgress?: (progress: Progress) => void;
  readonly now?: () => number;
  readonly newId?: () => string;
};

export type Worker = {
  /** Takes no more jobs; resolves when the batch in hand is finished, or after a limit. */
  stop(): Promise<void>;
  /** Resolves when no job is ready or at work, those waiting for another attempt included; or when stopped. */
  idle(): Promise<void>;
  /** Looks for jobs now instead of at the next poll. */
  wake(): void;
};

/** Reconciles the stores at its start and daily, leases, works and sleeps until stopped. */
export function startWorker(deps: WorkerDeps): Worker {
  const { db, log, metrics, now = Date.now, newId = () => crypto.randomUUID(), onProgress = () => {} } = deps;
  const queue = createQueue(db, now);
  const parser = deps.parse ? undefined : openParser();
  const stopAsking = new AbortController();
  const { embedding, generations } = deps;
  const embedder = embedding && (() => inspectEmbedder(embedding.embed, stopAsking.signal));
  const pipeline = {
    ...deps,
    embedder,
    parse: deps.parse ?? parser!.parse,
    queue,
    now,
    newId,
    seal: deps.seal ?? unsigned,
  };
  const aborting = new AbortController();
  let stopping = false;
  let woken = Promise.withResolvers<void>();
  const waiters: (() => void)[] = [];
  let [done, failed] = [0, 0];
  const reconcileBlobs = createBlobReconciler({ db, blobs: deps.blobs, now });
  const leaving = new AbortController();
  let checkingFiles: Promise<void> = Promise.resolve();
  let checkFilesAt = 0;
  let pruneAt = 0;
  let closeAt = 0;
  let reconcileAt = 0;
  let pauseMs = 0;
  /** Whether a store did not answer in this round. */
  let away = false;
  const stopped = Promise.withResolvers<void>();

  async function pruneAtTimes(): Promise<void> {
    if (now() < pruneAt) return;
    pruneAt = now() + PRUNE_EVERY_MS;
    const pruned = await pruneJobs(db, now());
    if (pruned > 0) log.info("pruned", { jobs: pruned });
    await pruneOutbox(db, now() - KEEP_MESSAGES_MS);
    const resumed = await resumeErasures(db, now);
    if (resumed > 0) log.warn("erasures begin again", { erasures: resumed });
  }

  /** Beside the work: a large store takes minutes to list, and no document waits for it. */
  function checkFilesAtTimes(): void {
    if (now() < checkFilesAt) return;
    checkFilesAt = now() + CHECK_FILES_EVERY_MS;
    checkingFiles = checkFiles().catch((error) => {
      if (!stopping) log.error("reconciliation of files failed", error);
    });
  }

  async function checkFiles(): Promise<void> {
    await checkingFiles;
    const { removed, missing } = await reconcileBlobs(leaving.signal);
    metrics.blobDrift.inc(removed);
    metrics.blobsMissing.set(missing.length);
    metrics.reconciledAt.set(now() / 1000);
    log.info("files reconciled", { removed, missing: missing.length });
    for (const versionId of missing.slice(0, MISSING_LOGGED)) log.warn("stored file is missing", { versionId });
  }

  async function closeRunsAtTimes(): Promise<void> {
    if (now() < closeAt) return;
    closeAt = now() + CLOSE_EVERY_MS;
    await closeRuns(db, now, newId);
  }

  async function reconcileAtTimes(): Promise<void> {
    if (now() < reconcileAt) return;
    reconcileAt = now() + RECONCILE_EVERY_MS;
    try {
      const { removed, requeued } = await reconcile(db, deps.index, now);
      metrics.indexDrift.inc({ repair: "removed" }, removed);
      metrics.indexDrift.inc({ repair: "requeued" }, requeued);
      log.info("reconciled", { removed, requeued });
    } catch (error) {
      reconcileAt = now() + RECONCILE_SOON_MS;
      log.error("reconciliation failed", error);
    }
  }

  async function take(): Promise<readonly Job[]> {
    const jobs = await queue.lease(BATCH);
    if (jobs.length === 0) return jobs;
    const { fit, rest } = await fitting(db, jobs);
    if (rest.length > 0) await queue.giveBack(rest);
    return fit;
  }

  async function work(jobs: readonly Job[]): Promise<void> {
    const started = performance.now();
    const steps = new Map<string, string>();
    const renew = async (some: readonly Job[]): Promise<void> => {
      for (const job of some) await queue.renew(job, steps.get(job.id) ?? "leased");
    };
    const heartbeat = setInterval(() => renew(jobs).catch((error) => log.error("renewal failed", error)), HEARTBEAT_MS);
    try {
      const onStep = async (step: string, some: readonly Job[]): Promise<void> => {
        for (const { id } of some) steps.set(id, step);
        if (jobs.length <= REPORTED_BATCH) await renew(some);
      };
      // First what takes no time: a changed ACL and a deletion must not wait for 32 documents.
      for (const job of jobs.filter(({ kind }) => kind !== "ingest")) {
        const run = OTHER_KINDS[job.kind] ?? unknownKind;
        await run(pipeline, job).then(succeeded, (error) => reject(job, error));
      }
      const ingests = jobs.filter((job) => job.kind === "ingest");
      const result = await ingestBatch(pipeline, ingests, onStep, aborting.signal);
      result.done.forEach(succeeded);
      for (const { job, error } of result.failed) await reject(job, error);
    } finally {
      clearInterval(heartbeat);
      metrics.jobSeconds.observe((performance.now() - started) / 1000 / jobs.length);
    }
  }

  function succeeded(): void {
    done += 1;
    metrics.jobs.inc({ outcome: "done" });
  }

  async function reject(job: Job, error: unknown): Promise<void> {
    if (aborting.signal.aborted) return queue.giveBack([job]);
    const expected = error instanceof AppError;
    if (expected && isAway(error)) {
      away = true;
      reconcileAt = Math.min(reconcileAt, now() + RECONCILE_SOON_MS);
      const outcome = await queue.postpone(job, error.code, error.message, Math.max(FIRST_PAUSE_MS, pauseMs));
      if (outcome === "dead") failed += 1;
      metrics.jobs.inc({ outcome });
      return;
    }
    if (!expected) log.error("job failed", error, { jobId: job.id, attempts: job.attempts });
    const outcome = expected
      ? await queue.fail(job, error.code, error.message, error.retryable)
      : await queue.fail(job, "internal", "Something went wrong on our side while reading this document.", true);
    if (outcome === "dead") failed += 1;
    metrics.jobs.inc({ outcome });
  }

  async function report(): Promise<void> {
    const left = await queue.left();
    onProgress({ done, failed, left });
    if (left > 0) return;
    for (const resolve of waiters.splice(0)) resolve();
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      let worked = false;
      away = false;
      try {
        await pruneAtTimes();
        await closeRunsAtTimes();
        await reconcileAtTimes();
        checkFilesAtTimes();
        const jobs = await take();
        worked = jobs.length > 0;
        if (worked) await work(jobs);
        if (worked || waiters.length > 0) await report();
      } catch (error) {
        log.error("worker failed", error);
        away = true;
      }
      if (away) await pause();
      else {
        pauseMs = 0;
        if (!worked) await sleep();
      }
    }
    for (const resolve of waiters.splice(0)) resolve();
  }

  /** Nobody may cut it short but whoever stops the worker: what is away must not be asked for every new job. */
  async function pause(): Promise<void> {
    pauseMs = Math.min(MAX_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pauseMs));
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, pauseMs);
    await Promise.race([stopped.promise, over.promise]);
    clearTimeout(timer);
  }

  async function sleep(): Promise<void> {
    const timer = setTimeout(() => woken.resolve(), POLL_MS);
    await woken.promise;
    clearTimeout(timer);
    woken = Promise.withResolvers();
  }

  const stopHearing = db.hear(JOBS_CHANNEL, () => woken.resolve());
  const running = loop();
  const embeds =
    embedding &&
    generations &&
    startEmbedding({ ...embedding, db, index: generations, generations, log, metrics, now, newId });
  return {
    wake: () => woken.resolve(),
    idle: () => {
      if (stopping) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiters.push(resolve);
      woken.resolve();
      return promise;
    },
    stop: async () => {
      stopping = true;
      stopped.resolve();
      leaving.abort();
      stopAsking.abort();
      woken.resolve();
      stopHearing();
      const limit = setTimeout(() => aborting.abort(), STOP_LIMIT_MS);
      await running.finally(() => clearTimeout(limit));
      await Promise.all([checkingFiles, embeds?.stop()]);
      await parser?.close();
    },
  };
}

export type SourceSyncs = Omit<SyncsDeps, "listOf"> & Omit<ListDeps, "db">;

/** Syncs sources beside the worker's loop, of those that this process may reach. */
export const startSourceSyncs = ({ store, reach, s3, wake, log }: SourceSyncs) =>
  startSyncs({ store, listOf: listWith({ db: store.db, reach, s3 }), wake, log });

/** A store or a model server that will be back, which is not the document's fault. */
const isAway = (error: AppError): boolean => error.retryable && error.retryAfterSeconds !== undefined;

const unsigned: Seal = (statement) => ({
  payloadType: STATEMENT_TYPE,
  payload: Buffer.from(statement).toString("base64"),
  signatures: [],
});

type OtherDeps = ReindexDeps & EraseDeps & Pick<WorkerDeps, "index">;

const OTHER_KINDS: Readonly<Record<string, (pipeline: OtherDeps, job: Job) => Promise<void>>> = {
  erase: eraseDocument,
  reconcile: reconcileNow,
  reindex: continueReindex,
  remove: removeVersions,
  refile: refileAgain,
};

async function reconcileNow({ db, index, now, queue }: OtherDeps, job: Job): Promise<void> {
  await reconcile(db, index, now);
  const { refile: all } = JSON.parse(job.payload) as { refile?: boolean };
  if (all) await refileAll(db, index);
  await queue.complete(job);
}

async function unknownKind(): Promise<never> {
  throw new AppError("invalid_request", "This kind of job is not known.");
}
