import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { audit } from "#shared/audit.ts";
import { concurrently } from "#shared/concurrently.ts";
import type { Sql } from "#shared/database.ts";
import { uriDigest } from "#shared/erased.ts";
import { AppError } from "#shared/errors.ts";
import { mediaTypeOf } from "#shared/formats.ts";
import { acceptDocuments, type NewDocument, PRIORITY } from "../accept.ts";
import { aclOf, type DocumentRow, type Store } from "../document-row.ts";
import { tombstone } from "../documents.ts";
import { labelOf, type Source } from "./sources.ts";
import { type FoundFile, type Skipped, walkFolder } from "./walk-folder.ts";

/** Files a transaction: large enough to be fast, small enough that workers start early and memory stays flat. */
const BATCH = 64;
const BATCH_BYTES = 64 * 1024 * 1024;
const READS_AT_ONCE = 16;

export type SyncReport = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  readonly skipped: readonly Skipped[];
};

type Known = Pick<DocumentRow, "id" | "uri" | "fingerprint" | "deleted_at">;
type Candidate = FoundFile & { readonly uri: string; readonly isNew: boolean };

/**
 * Brings a folder's documents up to date: new and changed files are accepted, vanished ones are deleted, and only
 * documents of this source are touched. A file is read only when its time or size changed. Rejects, changing
 * nothing, when the folder cannot be read. `onBatch` hears of every batch that workers can take.
 */
export async function syncFolder(
  store: Store,
  source: Source,
  onBatch: () => void = () => {},
  signal?: AbortSignal,
): Promise<SyncReport> {
  const walk = await walkFolder(source.location);
  const label = await labelOf(store.db, source);
  const known = await knownDocuments(store, source);
  const skipped = [...walk.skipped];
  const runId = store.newId();
  let [added, changed, unchanged] = [0, 0, 0];
  const candidates: Candidate[] = [];
  const seen = new Set<string>();
  for (const file of walk.files) {
    const uri = `file:${label}/${file.path}`;
    seen.add(uri);
    const document = known.get(uri);
    // A document that somebody deleted keeps its fingerprint: it stays deleted until its file changes.
    if (document?.fingerprint === file.fingerprint) unchanged += 1;
    else candidates.push({ ...file, uri, isNew: document === undefined || document.deleted_at !== null });
  }
  for (const batch of batchesOf(candidates)) {
    if (signal?.aborted) throw new AppError("unavailable", "The sync was stopped half-way. Sync again to go on.");
    const inputs = await read(source, batch, skipped);
    const open = await ownedOrFree(store, source, inputs, skipped);
    const accepted = await acceptDocuments(
      store,
      open.map(({ input }) => ({ ...input, runId })),
    );
    accepted.forEach((result, i) => {
      if (result.unchanged) unchanged += 1;
      else if (open[i]!.candidate.isNew) added += 1;
      else changed += 1;
    });
    onBatch();
  }
  const gone = [...known.values()].filter(({ uri, deleted_at }) => deleted_at === null && !seen.has(uri));
  const kept = new Set(walk.skipped.map(({ path }) => `file:${label}/${path}`));
  const removed = await remove(
    store,
    source,
    gone.filter(({ uri }) => !isBelow(uri, kept)),
  );
  await store.db.transaction(async (sql) => {
    await sql.run("update ingest_run set sealed_at = $1 where id = $2", [store.now(), runId]);
    await sql.run("update source set synced_at = $1 where id = $2", [store.now(), source.id]);
    await audit(store, sql, { tenant: source.tenant, subject: source.created_by }, "source.sync", source.id);
  });
  if (removed > 0) onBatch();
  return { added, changed, removed, unchanged, skipped };
}

async function knownDocuments({ db }: Store, source: Source): Promise<Map<string, Known>> {
  const rows = await db.all<Known>("select id, uri, fingerprint, deleted_at from document where source_id = $1", [
    source.id,
  ]);
  return new Map(rows.map((row) => [row.uri, row]));
}

function* batchesOf(candidates: readonly Candidate[]): Generator<Candidate[]> {
  let [batch, bytes]: [Candidate[], number] = [[], 0];
  for (const candidate of candidates) {
    const size = Number(candidate.fingerprint.split(":")[1]);
    if (batch.length > 0 && (batch.length === BATCH || bytes + size > BATCH_BYTES)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(candidate);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

type Input = { readonly candidate: Candidate; readonly input: NewDocument };

async function read(source: Source, batch: readonly Candidate[], skipped: Skipped[]): Promise<Input[]> {
  const inputs = await concurrently(batch, READS_AT_ONCE, async (candidate): Promise<Input | undefined> => {
    const bytes = await readFile(join(source.location, candidate.path)).catch(() => undefined);
    if (!bytes) {
      skipped.push({ path: candidate.path, reason: "The file could not be read." });
      return undefined;
    }
    const { tenant, created_by: subject, collection, id: sourceId } = source;
    const { uri, fingerprint, path } = candidate;
    const mediaType = mediaTypeOf(extname(path).toLowerCase());
    const fresh = candidate.isNew ? { acl: aclOf(source) } : {};
    return {
      candidate,
      input: {
        tenant,
        subject,
        collection,
        uri,
        fileName: basename(path),
        mediaType,
        bytes,
        sourceId,
        fingerprint,
        priority: PRIORITY.source,
        ...fresh,
      },
    };
  });
  return inputs.filter((input) => input !== undefined);
}

/** Leaves out what an upload or another source already calls by the same uri: a sync must not take it over. */
async function ownedOrFree(
  { db }: Store,
  source: Source,
  inputs: readonly Input[],
  skipped: Skipped[],
): Promise<Input[]> {
  const open: Input[] = [];
  for (const one of inputs) {
    const row = await db.get<Pick<DocumentRow, "source_id" | "deleted_at">>(
      "select source_id, deleted_at from document where tenant = $1 and collection = $2 and uri = $3",
      [source.tenant, source.collection, one.input.uri],
    );
    if (await wasErased(db, source, one.input.uri)) {
      const reason = "It was erased. Delete the file, or upload it by hand to bring it back.";
      skipped.push({ path: one.candidate.path, reason });
    } else if (!row || row.source_id === source.id || row.deleted_at !== null) open.push(one);
    else
      skipped.push({ path: one.candidate.path, reason: "A document that does not come from this folder has its uri." });
  }
  return open;
}

/** What was erased does not come back because its file is still there: somebody has to want it. */
async function wasErased(sql: Sql, { tenant, collection }: Source, uri: string): Promise<boolean> {
  const digest = uriDigest(tenant, collection, uri);
  return (await sql.get("select 1 as one from erasure where uri_digest = $1 limit 1", [digest])) !== undefined;
}

const isBelow = (uri: string, kept: ReadonlySet<string>): boolean =>
  kept.has(uri) || [...kept].some((prefix) => uri.startsWith(`${prefix}/`));

/** Without a fingerprint a file that comes back, even with its old time and size, is taken in again. */
async function remove(store: Store, source: Source, gone: readonly Known[]): Promise<number> {
  if (gone.length === 0) return 0;
  return store.db.transaction(async (sql) => {
    let removed = 0;
    for (const { id } of gone) {
      const row = await sql.get<DocumentRow>(
        "select * from document where id = $1 and source_id = $2 and deleted_at is null",
        [id, source.id],
      );
      if (!row) continue;
      await tombstone(store, sql, row);
      await sql.run("update document set fingerprint = null where id = $1", [id]);
      removed += 1;
    }
    return removed;
  });
}
