import type { Blobs } from "#shared/blobs.ts";
import type { Chunk } from "#shared/chunk.ts";
import type { Database } from "#shared/database.ts";
import { sha256 } from "#shared/digest.ts";
import { AppError } from "#shared/errors.ts";
import type { SearchIndex } from "#shared/index.ts";
import type { Job, Queue } from "#shared/queue.ts";
import type { Passage } from "./chunk/chunk.ts";
import { aclOf, blobsOf, originalOf, textOf, type VersionRow } from "./document-row.ts";
import { effectiveTitle, flip, isStale, type Prepared, stateOf } from "./flip.ts";
import { inGroups } from "./in-groups.ts";
import { refile, refileDocument } from "./refile.ts";

/** More than the parser has processes, so that none of them waits for a blob. */
const PARSES_AT_ONCE = 4;
/** Of text that is parsed and not yet in the index. One document may be larger; then it is a group of its own. */
const MAX_HELD_LENGTH = 16 * 1024 * 1024;

/** Bytes to normalised text and passages. Rejects with an `AppError` for what cannot be read. */
export type Parse = (
  input: { bytes: Uint8Array; name: string; mediaType?: string },
  signal: AbortSignal,
) => Promise<{ parsed: Prepared["parsed"]; passages: readonly Passage[] }>;

export type PipelineDeps = {
  readonly db: Database;
  readonly queue: Queue;
  readonly blobs: Blobs;
  readonly index: Pick<SearchIndex, "writeAll" | "refile" | "remove">;
  readonly parse: Parse;
  readonly now: () => number;
  readonly newId: () => string;
};

type Failed = { readonly job: Job; readonly error: unknown };
export type BatchResult = { readonly done: readonly Job[]; readonly failed: readonly Failed[] };

/**
 * The way of leased documents from stored bytes to searchable chunks. Searchers see nothing of it before the
 * flip; after it, nothing of the old version. Every step may run again: a crash anywhere costs only time.
 * Documents become visible in groups, as they are parsed: none waits for a slower one of its batch.
 */
export async function ingestBatch(
  deps: PipelineDeps,
  jobs: readonly Job[],
  onStep: (step: string, jobs: readonly Job[]) => Promise<void>,
  signal: AbortSignal,
): Promise<BatchResult> {
  const done: Job[] = [];
  const failed: Failed[] = [];
  const limits = {
    limit: PARSES_AT_ONCE,
    maxHeld: MAX_HELD_LENGTH,
    weigh: ({ parsed }: Prepared) => parsed.text.length,
  };
  const prepareOne = async (job: Job): Promise<Prepared | undefined> => {
    try {
      await onStep("parse", [job]);
      return await prepare(deps, job, signal);
    } catch (error) {
      failed.push({ job, error });
      return undefined;
    }
  };
  await inGroups(jobs, limits, prepareOne, async (group) => {
    await onStep(
      "index",
      group.map(({ job }) => job),
    );
    const outcome = await settle(deps, group);
    done.push(...outcome.done);
    failed.push(...outcome.failed);
  });
  return { done, failed };
}

async function prepare(deps: PipelineDeps, job: Job, signal: AbortSignal): Promise<Prepared | undefined> {
  const { versionId } = JSON.parse(job.payload) as { versionId: string };
  const version = await deps.db.get<VersionRow>("select * from document_version where id = $1", [versionId]);
  const state = await stateOf(deps.db, versionId);
  if (!version) throw new Error("A job names a version that does not exist");
  // Overtaken or deleted before work began: the flip still ends the job, with nothing to write.
  if (!state || isStale(state, version)) return { job, version, filing: NOWHERE, parsed: NOTHING, chunks: [] };
  const bytes = await deps.blobs.get(originalOf(version.tenant, versionId));
  const { parsed, passages } = await deps.parse(
    { bytes, name: version.file_name, mediaType: version.media_type },
    signal,
  );
  await deps.blobs.put(textOf(version.tenant, versionId), new TextEncoder().encode(parsed.text));
  const filed = await deps.db.get<Filed>("select tenant, collection, acl from document where id = $1", [
    version.document_id,
  ]);
  const title = effectiveTitle(state!, version, parsed.title);
  const chunks = chunksOf(version, title, passages);
  return { job, version, filing: { ...filed!, acl: aclOf(filed!) }, parsed, chunks };
}

type Filed = { readonly tenant: string; readonly collection: string; readonly acl: string };
const NOWHERE = { tenant: "", collection: "", acl: [] };
const NOTHING = { title: "", mediaType: "", parser: "", text: "" };

/** One commit to the index and one to the database for all. If that fails, one by one: a bad one must not stop 31 others. */
async function settle(deps: PipelineDeps, batch: readonly Prepared[]): Promise<BatchResult> {
  if (batch.length === 0) return { done: [], failed: [] };
  try {
    return { done: await publish(deps, batch), failed: [] };
  } catch (error) {
    // A store that is away is away for each of them.
    const away = error instanceof AppError && error.retryable;
    if (batch.length === 1 || away) return { done: [], failed: batch.map(({ job }) => ({ job, error })) };
    const results: BatchResult[] = [];
    for (const one of batch) results.push(await settle(deps, [one]));
    return { done: results.flatMap((result) => result.done), failed: results.flatMap((result) => result.failed) };
  }
}

async function publish(deps: PipelineDeps, batch: readonly Prepared[]): Promise<Job[]> {
  await deps.index.writeAll(
    batch
      .filter(({ chunks }) => chunks.length > 0)
      .map(({ filing, version, chunks }) => ({ filing, versionId: version.id, chunks })),
  );
  const { done, leaving, erased, refile: changed } = await flip(deps, batch);
  for (const versionId of changed) await refile(deps.db, deps.index, versionId);
  // The texts of retired versions stay: citations of earlier answers point into them.
  if (leaving.length > 0) await deps.index.remove(leaving);
  for (const versionId of erased) {
    const tenant = batch.find(({ version }) => version.id === versionId)!.version.tenant;
    await deps.blobs.remove(blobsOf(tenant, versionId));
  }
  return done;
}

/** The end of a deleted document: chunks first, so that nothing found has lost its text, then bytes. */
export async function removeVersions(deps: PipelineDeps, job: Job): Promise<void> {
  const { versionIds } = JSON.parse(job.payload) as { versionIds: string[] };
  await deps.index.remove(versionIds);
  for (const versionId of versionIds) await deps.blobs.remove(blobsOf(job.tenant, versionId));
  await deps.queue.complete(job);
}

/** A version's passages as the index keeps them. */
export const chunksOf = (
  { id: versionId, document_id: documentId }: Pick<VersionRow, "id" | "document_id">,
  title: string,
  passages: readonly Passage[],
): Chunk[] =>
  passages.map((passage) => ({ id: chunkId(versionId, passage.start), documentId, versionId, title, ...passage }));

/** From version and place alone, so that writing a version again replaces what is there. */
function chunkId(versionId: string, start: number): string {
  const hex = sha256(`${versionId}:${start}`);
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** An ACL was changed: the index is brought after it, once more where the request itself has done it already. */
export async function refileAgain({ db, index, queue }: PipelineDeps, job: Job): Promise<void> {
  const { documentId } = JSON.parse(job.payload) as { documentId: string };
  await refileDocument(db, index, documentId);
  await queue.complete(job);
}
