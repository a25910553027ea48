import { once } from "node:events";
import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { SearchIndex } from "#shared/index.ts";
import { STATEMENT_TYPE } from "#shared/lineage/dsse.ts";
import type { Log } from "#shared/log.ts";
import { createQueue, JOBS_CHANNEL, type Job } from "#shared/queue.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { VectorIndex } from "../embed/embed-chunks.ts";
import { inspectEmbedder } from "../embed/inspect-embedder.ts";
import { startEmbedding } from "../embed/start-embedding.ts";
import { unlessWithdrawn } from "../embed/unless-withdrawn.ts";
import type { Seal } from "../erase/receipt.ts";
import { openParser } from "../parse/parse-process.ts";
import type { Parse } from "../pipeline.ts";
import type { GenerationIndex } from "../reindex/reindex-row.ts";
import { type ListDeps, listWith } from "../sources/list-source.ts";
import { type SyncsDeps, startSyncs } from "../sources/run-syncs.ts";
import { fitting } from "./fitting.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { workBatch } from "./work-batch.ts";

const BATCH = 32;
const POLL_MS = 250;
const STOP_LIMIT_MS = 20_000;
/** Nothing is leased for so long after a store did not answer, twice as long each time. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

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

/** Leases, works, looks after the stores between two batches, and sleeps until stopped. */
export function startWorker(deps: WorkerDeps): Worker {
  const { db, log, now = Date.now, newId = () => crypto.randomUUID(), onProgress = () => {} } = deps;
  const queue = createQueue(db, now);
  const parser = deps.parse ? undefined : openParser();
  const [stopping, aborting] = [new AbortController(), new AbortController()];
  const stopped = once(stopping.signal, "abort");
  const embed = deps.embedding && unlessWithdrawn(deps.embedding.embed, db);
  const work = {
    ...deps,
    embed,
    embedder: embed && (() => inspectEmbedder(embed, stopping.signal)),
    parse: deps.parse ?? parser!.parse,
    queue,
    now,
    newId,
    seal: deps.seal ?? unsigned,
  };
  const housekeeping = createHousekeeping({ ...deps, now, newId });
  let woken = Promise.withResolvers<void>();
  const waiters: (() => void)[] = [];
  let [done, failed] = [0, 0];
  let pauseMs = 0;

  async function take(): Promise<readonly Job[]> {
    const jobs = await queue.lease(BATCH);
    if (jobs.length === 0) return jobs;
    const { fit, rest } = await fitting(db, jobs);
    if (rest.length > 0) await queue.giveBack(rest);
    return fit;
  }

  async function report(): Promise<void> {
    const left = await queue.left();
    onProgress({ done, failed, left });
    if (left > 0) return;
    for (const resolve of waiters.splice(0)) resolve();
  }

  /** Resolves to what to do before the next round. */
  async function round(): Promise<"go-on" | "sleep" | "pause"> {
    await housekeeping.run();
    const jobs = await take();
    let away = false;
    if (jobs.length > 0) {
      const worked = await workBatch(work, jobs, Math.max(FIRST_PAUSE_MS, pauseMs), aborting.signal);
      done += worked.done;
      failed += worked.failed;
      away = worked.away;
      if (away) housekeeping.storeWasAway();
    }
    if (jobs.length > 0 || waiters.length > 0) await report();
    return away ? "pause" : jobs.length > 0 ? "go-on" : "sleep";
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const next = await round().catch((error: unknown) => {
        log.error("worker failed", error);
        return "pause" as const;
      });
      if (next === "pause") await pause();
      else pauseMs = 0;
      if (next === "sleep") await sleep();
    }
    for (const resolve of waiters.splice(0)) resolve();
  }

  /** Nobody may cut it short but whoever stops the worker: what is away must not be asked for every new job. */
  async function pause(): Promise<void> {
    pauseMs = Math.min(MAX_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pauseMs));
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, pauseMs);
    await Promise.race([stopped, over.promise]);
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
  const { embedding, generations } = deps;
  const embeds =
    embedding &&
    generations &&
    startEmbedding({ ...deps, ...embedding, embed: embed!, index: generations, generations, now, newId });
  return {
    wake: () => woken.resolve(),
    idle: () => {
      if (stopping.signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiters.push(resolve);
      woken.resolve();
      return promise;
    },
    stop: async () => {
      stopping.abort();
      housekeeping.stop();
      woken.resolve();
      stopHearing();
      const limit = setTimeout(() => aborting.abort(), STOP_LIMIT_MS);
      await running.finally(() => clearTimeout(limit));
      await Promise.all([housekeeping.ended(), embeds?.stop()]);
      await parser?.close();
    },
  };
}

export type SourceSyncs = Omit<SyncsDeps, "listOf"> & Omit<ListDeps, "db">;

/** Syncs sources beside the worker's loop, of those that this process may reach. */
export const startSourceSyncs = ({ store, reach, s3, wake, log }: SourceSyncs) =>
  startSyncs({ store, listOf: listWith({ db: store.db, reach, s3 }), wake, log });

const unsigned: Seal = (statement) => ({
  payloadType: STATEMENT_TYPE,
  payload: Buffer.from(statement).toString("base64"),
  signatures: [],
});
