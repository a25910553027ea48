import { placesOf } from "#shared/database.ts";
import { commitment } from "#shared/digest.ts";
import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { Generation } from "#shared/index.ts";
import { postRun } from "#shared/openlineage.ts";
import type { Job } from "#shared/queue.ts";
import { aclOf, originalOf, textOf, type VersionRow } from "../document-row.ts";
import { manifestWith } from "../embed/manifest-with.ts";
import { chunksOf, type PipelineDeps } from "../pipeline.ts";
import { refile } from "../refile.ts";
import { compareGenerations } from "./compare-generations.ts";
import {
  CURRENT_VERSIONS,
  type GenerationIndex,
  type ReindexRow,
  type Report,
  reindexRow,
  reportOf,
  runOf,
} from "./reindex-row.ts";

/** Versions a turn: between two turns the worker looks for what is more urgent. */
const PAGE = 32;
const THROTTLE_MS = 100;
/** Vectors come by themselves; this job only waits for the last. */
const VECTORS_MS = 1_000;
const EMBEDDER_AWAY_MS = 5_000;

export type ReindexDeps = PipelineDeps & {
  readonly generations?: GenerationIndex;
  /** What the new generation says of the embedder of today; empty without one. */
  readonly embedder?: (() => Promise<Generation["manifest"]>) | undefined;
  /** For the comparison at the end. */
  readonly embed?: Embed | undefined;
};
type Source = VersionRow & { readonly collection: string; readonly acl: string; readonly document_title: string };

/**
 * One turn of a reindex: the next page of versions into the new generation; at the end what is missing still, and the
 * comparison. Every turn may be cut short and begin again: its cursor moves when its page is written. Writes to the
 * live generation go to this one too from its creation on, so the end is reached whatever happens meanwhile.
 */
export async function continueReindex(deps: ReindexDeps, job: Job): Promise<void> {
  const { db, queue, generations } = deps;
  const { generation } = JSON.parse(job.payload) as { generation: string };
  const row = await reindexRow(db, generation);
  if (!generations) throw new AppError("invalid_request", "This worker has no index to build.");
  if (row?.state !== "building") return void (await queue.complete(job));
  if (!(await generations.generations()).some(({ id }) => id === generation)) {
    const embedder = await askEmbedder(deps);
    // The gateway is away. It must cost this job no attempt, and no other one its time.
    if (!embedder) return void (await queue.goOn(job, EMBEDDER_AWAY_MS));
    await generations.createGeneration(generation, manifestWith(embedder));
  }
  const page = await versionsAfter(deps, row.cursor);
  if (page.length > 0) {
    const report = await copy(deps, generations, row, page);
    await db.transaction(async (sql) => {
      if (!(await queue.goOn(job, THROTTLE_MS, sql))) return;
      await sql.run(
        "update reindex set cursor = $1, done = done + $2, report = $3, updated_at = $4 where generation = $5",
        [page.at(-1)!.id, page.length, JSON.stringify(report), deps.now(), generation],
      );
    });
    return;
  }
  const { missing, leftOver } = await difference(deps, generations, row);
  if (leftOver.length > 0) await removeFrom(deps, generations, leftOver);
  if (missing.length > 0) {
    const report = await copy(deps, generations, row, await versionsOf(deps, missing.slice(0, PAGE)));
    await db.run("update reindex set report = $1, updated_at = $2 where generation = $3", [
      JSON.stringify(report),
      deps.now(),
      generation,
    ]);
    return void (await queue.goOn(job, THROTTLE_MS));
  }
  const { total: without_vectors } = await generations.withoutVectors(generation, 1);
  if (without_vectors > 0) {
    await db.run("update reindex set report = $1, updated_at = $2 where generation = $3", [
      JSON.stringify({ ...reportOf(row), without_vectors }),
      deps.now(),
      generation,
    ]);
    return void (await queue.goOn(job, VECTORS_MS));
  }
  const report = {
    ...reportOf(row),
    without_vectors,
    ...(await compareGenerations(db, generations, generation, deps.embed)),
  };
  await db.transaction(async (sql) => {
    if (!(await queue.complete(job, sql))) return;
    await sql.run(
      "update reindex set state = 'ready', report = $1, updated_at = $2 where generation = $3 and state = 'building'",
      [JSON.stringify(report), deps.now(), generation],
    );
    const outputs = [{ name: `generation/${generation}`, statistics: { fileCount: row.total } }];
    const ended = { id: deps.newId(), type: "COMPLETE", at: deps.now() } as const;
    await postRun(sql, { ...runOf(job.tenant, generation), ...ended, outputs });
  });
}

async function askEmbedder({ embedder }: ReindexDeps): Promise<Generation["manifest"] | undefined> {
  try {
    return (await embedder?.()) ?? {};
  } catch (error) {
    if (error instanceof AppError && error.retryable) return undefined;
    throw error;
  }
}

/** Current versions that a generation lacks, and versions that it holds for nobody. Those that could not be read are neither. */
export async function difference(
  { db }: Pick<PipelineDeps, "db">,
  index: Pick<GenerationIndex, "versions">,
  row: ReindexRow,
): Promise<{ missing: string[]; leftOver: string[] }> {
  const held = new Set(await index.versions(row.generation));
  const current = await db.all<{ id: string }>(`select v.id ${CURRENT_VERSIONS} order by v.id`, [""]);
  const failed = new Set(reportOf(row).failed.map(({ version_id }) => version_id));
  const missing = current.filter(({ id }) => !held.has(id) && !failed.has(id)).map(({ id }) => id);
  for (const { id } of current) held.delete(id);
  return { missing, leftOver: [...held] };
}

/** Only what has no reader and is not about to get one: a version in progress is written before it is current. */
async function removeFrom({ db }: ReindexDeps, index: GenerationIndex, versionIds: readonly string[]): Promise<void> {
  const wanted = await db.all<{ id: string }>(
    `select v.id from document_version v join document d on d.id = v.document_id left join job j on j.id = v.id
     where d.deleted_at is null and v.retired_at is null
       and (d.current_version = v.id or j.state in ('ready', 'leased')) and v.id in (${placesOf(versionIds, 1)})`,
    versionIds,
  );
  const kept = new Set(wanted.map(({ id }) => id));
  const gone = versionIds.filter((id) => !kept.has(id));
  if (gone.length > 0) await index.remove(gone);
}

async function copy(
  deps: ReindexDeps,
  index: GenerationIndex,
  row: ReindexRow,
  page: readonly Source[],
): Promise<Report> {
  const report = reportOf(row);
  const failed = [...report.failed];
  const batch: Parameters<GenerationIndex["writeAll"]>[0][number][] = [];
  for (const version of page) {
    try {
      const chunks = chunksOf(version, version.document_title, await passagesOf(deps, version));
      const filing = { tenant: version.tenant, collection: version.collection, acl: aclOf(version) };
      batch.push({ filing, versionId: version.id, chunks });
    } catch (error) {
      if (error instanceof AppError && error.retryable) throw error;
      const reason =
        error instanceof AppError ? error.message : "Something went wrong on our side while reading this document.";
      if (!failed.some(({ version_id }) => version_id === version.id)) failed.push({ version_id: version.id, reason });
    }
  }
  if (batch.length > 0) await index.writeAll(batch, row.generation);
  // What changed while this page was read: an overtaken version goes again, a new ACL comes after.
  const now = new Map(
    (
      await versionsOf(
        deps,
        page.map(({ id }) => id),
      )
    ).map((version) => [version.id, version]),
  );
  const overtaken = batch.filter(({ versionId }) => !now.has(versionId)).map(({ versionId }) => versionId);
  if (overtaken.length > 0) await removeFrom(deps, index, overtaken);
  for (const { id, acl } of page) {
    if (now.has(id) && now.get(id)!.acl !== acl) await refile(deps.db, index, id);
  }
  return { ...report, failed };
}

/**
 * Cut anew from the original. Citations point into the text that was stored when the version was made: where today's
 * parser reads another text out of the original, that stored text is cut instead, without its structure; its lines are
 * not those of the original.
 */
async function passagesOf({ blobs, parse }: ReindexDeps, version: Source) {
  const { signal } = new AbortController();
  const bytes = await blobs.get(originalOf(version.tenant, version.id));
  const { parsed, passages } = await parse({ bytes, name: version.file_name, mediaType: version.media_type }, signal);
  if (commitment(version.salt, parsed.text) === version.text_commitment) return passages;
  const text = await blobs.get(textOf(version.tenant, version.id));
  const plain = await parse({ bytes: text, name: "text.txt", mediaType: "text/plain" }, signal);
  if (commitment(version.salt, plain.parsed.text) === version.text_commitment)
    return plain.passages.map(({ places: _, ...passage }) => passage);
  throw new AppError(
    "unreadable_document",
    "This version reads differently than when it was stored. Upload the document again.",
  );
}

const SELECT = "select v.*, d.collection, d.acl, d.title as document_title";

const versionsAfter = ({ db }: ReindexDeps, cursor: string): Promise<Source[]> =>
  db.all<Source>(`${SELECT} ${CURRENT_VERSIONS} order by v.id limit ${PAGE}`, [cursor]);

const versionsOf = async ({ db }: ReindexDeps, ids: readonly string[]): Promise<Source[]> =>
  ids.length === 0
    ? []
    : db.all<Source>(`${SELECT} ${CURRENT_VERSIONS} and v.id in (${placesOf(ids, 2)})`, ["", ...ids]);
