import { AppError } from "#shared/errors.ts";
import type { SearchIndex } from "#shared/index.ts";
import type { Job } from "#shared/queue.ts";
import { type EraseDeps, eraseDocument } from "../erase/erase-document.ts";
import { type PipelineDeps, refileAgain, removeVersions } from "../pipeline.ts";
import { reconcile } from "../reconcile.ts";
import { refileAll } from "../refile.ts";
import { continueReindex, type ReindexDeps } from "../reindex/backfill.ts";

export type JobDeps = PipelineDeps &
  ReindexDeps &
  EraseDeps & { readonly index: Pick<SearchIndex, "writeAll" | "refile" | "remove" | "versions" | "scrub"> };

const KINDS: Readonly<Record<string, (deps: JobDeps, job: Job) => Promise<void>>> = {
  erase: eraseDocument,
  reconcile: reconcileNow,
  reindex: continueReindex,
  remove: removeVersions,
  refile: refileAgain,
};

/** Does a job of any kind but the ingestion of a document, which goes in batches. */
export async function runJob(deps: JobDeps, job: Job): Promise<void> {
  const run = KINDS[job.kind];
  if (!run) throw new AppError("invalid_request", "This kind of job is not known.");
  await run(deps, job);
}

async function reconcileNow({ db, index, now, queue }: JobDeps, job: Job): Promise<void> {
  await reconcile(db, index, now);
  const { refile: all } = JSON.parse(job.payload) as { refile?: boolean };
  if (all) await refileAll(db, index);
  await queue.complete(job);
}
