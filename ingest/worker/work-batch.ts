import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import type { Job } from "#shared/queue.ts";
import type { Metrics } from "#shared/telemetry.ts";
import { ingestBatch } from "../pipeline.ts";
import { type JobDeps, runJob } from "./job-kinds.ts";

/** A third of a lease: two renewals may fail before anyone else takes the job. */
const HEARTBEAT_MS = 20_000;
/** Steps of a small batch are written down for whoever watches the job; for a large one that would cost more than the work. */
const REPORTED_BATCH = 4;

export type WorkDeps = JobDeps & { readonly log: Log; readonly metrics: Metrics };
export type Worked = {
  readonly done: number;
  /** Given up for good. */
  readonly failed: number;
  /** Whether a store or a model server did not answer. */
  readonly away: boolean;
};

/**
 * Works through leased jobs and settles each: done, tried again later, or given up with a reason. Its leases are renewed
 * meanwhile. When `signal` aborts, what is not finished is given back. `pauseMs`: how long a job waits for what is away.
 */
export async function workBatch(
  deps: WorkDeps,
  jobs: readonly Job[],
  pauseMs: number,
  signal: AbortSignal,
): Promise<Worked> {
  const { queue, log, metrics } = deps;
  const started = performance.now();
  const steps = new Map<string, string>();
  let [done, failed, away] = [0, 0, false];
  const renew = async (some: readonly Job[]): Promise<void> => {
    for (const job of some) await queue.renew(job, steps.get(job.id) ?? "leased");
  };
  const succeeded = (): void => {
    done += 1;
    metrics.jobs.inc({ outcome: "done" });
  };
  const reject = async (job: Job, error: unknown): Promise<void> => {
    if (signal.aborted) return queue.giveBack([job]);
    away ||= isAway(error);
    const outcome = await settle(deps, job, error, pauseMs);
    if (outcome === "dead") failed += 1;
    metrics.jobs.inc({ outcome });
  };
  const heartbeat = setInterval(() => renew(jobs).catch((error) => log.error("renewal failed", error)), HEARTBEAT_MS);
  try {
    const onStep = async (step: string, some: readonly Job[]): Promise<void> => {
      for (const { id } of some) steps.set(id, step);
      if (jobs.length <= REPORTED_BATCH) await renew(some);
    };
    // First what takes no time: a changed ACL and a deletion must not wait for 32 documents.
    for (const job of jobs.filter(({ kind }) => kind !== "ingest")) {
      await runJob(deps, job).then(succeeded, (error) => reject(job, error));
    }
    const ingests = jobs.filter((job) => job.kind === "ingest");
    const result = await ingestBatch(deps, ingests, onStep, signal);
    result.done.forEach(succeeded);
    for (const { job, error } of result.failed) await reject(job, error);
  } finally {
    clearInterval(heartbeat);
    metrics.jobSeconds.observe((performance.now() - started) / 1000 / jobs.length);
  }
  return { done, failed, away };
}

function settle({ queue, log }: WorkDeps, job: Job, error: unknown, pauseMs: number): Promise<"retry" | "dead"> {
  if (isAway(error)) return queue.postpone(job, error.code, error.message, pauseMs);
  if (error instanceof AppError) return queue.fail(job, error.code, error.message, error.retryable);
  log.error("job failed", error, { jobId: job.id, attempts: job.attempts });
  return queue.fail(job, "internal", "Something went wrong on our side while reading this document.", true);
}

/** A store or a model server that will be back, which is not the document's fault. */
const isAway = (error: unknown): error is AppError =>
  error instanceof AppError && error.retryable && error.retryAfterSeconds !== undefined;
