import { concurrently } from "#shared/concurrently.ts";
import type { Sql } from "#shared/database.ts";
import { sha256 } from "#shared/digest.ts";
import { isErased } from "#shared/erased.ts";
import { AppError } from "#shared/errors.ts";
import { type Accepted, acceptDocuments, type NewDocument, PRIORITY } from "../accept.ts";
import { aclOf, type DocumentRow, type Store } from "../document-row.ts";
import type { Item } from "./listing.ts";
import type { Source } from "./sources.ts";
import type { Tally } from "./sync-report.ts";
import type { Known } from "./sync-source.ts";

const READS_AT_ONCE = 16;

export type TakeDeps = {
  readonly store: Store;
  readonly source: Source;
  readonly subject: string;
  readonly runId: string;
  readonly dryRun: boolean;
  readonly tally: Tally;
};
export type Candidate = { readonly item: Item; readonly document: Known | undefined };
type Read = Candidate & { readonly bytes: Uint8Array };

/** Reads items and accepts them in one transaction; a dry run only counts what that would do. */
export async function takeBatch(deps: TakeDeps, batch: readonly Candidate[], signal?: AbortSignal): Promise<void> {
  const { store, source, dryRun, tally } = deps;
  const fresh: Candidate[] = [];
  for (const one of await openOf(deps, batch)) {
    if (one.document?.fingerprint !== one.item.fingerprint) fresh.push(one);
    else {
      tally.unchanged();
      if (!dryRun && one.document.deleted_at === null) await savePage(store.db, source, one.document.id, one.item);
    }
  }
  const read = await readAll(fresh, tally, signal);
  if (dryRun) return plan(deps, read);
  for (const { one, unchanged, documentId } of await accept(deps, read)) {
    if (unchanged) tally.unchanged();
    else tally.changed(isNew(one) ? "added" : "changed", one.item.uri);
    await savePage(store.db, source, documentId, one.item);
  }
}

/** What was erased or uploaded by hand while it was read is left out, and the rest tried again. */
async function accept(deps: TakeDeps, read: readonly Read[]): Promise<(Accepted & { readonly one: Read })[]> {
  const inputs = read.map((one) => inputOf(deps, one));
  try {
    const accepted = await acceptDocuments(deps.store, inputs);
    return accepted.map((result, i) => ({ ...result, one: read[i]! }));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "conflict") throw error;
    const open = await openOf(deps, read);
    if (open.length === read.length) throw error;
    return accept(deps, open);
  }
}

/** Those that a sync may touch now. */
async function openOf<One extends Candidate>(
  { store, source, tally }: TakeDeps,
  batch: readonly One[],
): Promise<One[]> {
  const open: One[] = [];
  for (const one of batch) {
    const why = await closedTo(store.db, source, one.item.uri);
    if (why === undefined) open.push(one);
    else tally.skip(one.item.path, why);
  }
  return open;
}

/** Why a sync must leave a uri alone: an upload or another source has it, or it was erased. */
async function closedTo(sql: Sql, source: Source, uri: string): Promise<string | undefined> {
  const { tenant, collection } = source;
  if (await isErased(sql, { tenant, collection, uri }))
    return `It was erased. ${source.kind === "folder" ? "Delete the file" : "Delete it there"}, or upload it by hand to bring it back.`;
  const row = await sql.get<Pick<DocumentRow, "source_id" | "deleted_at">>(
    "select source_id, deleted_at from document where tenant = $1 and collection = $2 and uri = $3",
    [tenant, collection, uri],
  );
  if (!row || row.source_id === source.id || row.deleted_at !== null) return undefined;
  return `A document that does not come from this ${source.kind === "folder" ? "folder" : "source"} has its uri.`;
}

async function readAll(batch: readonly Candidate[], tally: Tally, signal?: AbortSignal): Promise<Read[]> {
  const read = await concurrently(batch, READS_AT_ONCE, async (one): Promise<Read | undefined> => {
    try {
      return { ...one, bytes: await one.item.read(signal) };
    } catch (error) {
      if (!(error instanceof AppError) || signal?.aborted) throw error;
      tally.skip(one.item.path, error.message);
      return undefined;
    }
  });
  return read.filter((one) => one !== undefined);
}

const isNew = ({ document }: Candidate): boolean => document === undefined || document.deleted_at !== null;

function inputOf({ source, subject, runId }: TakeDeps, { item, document, bytes }: Read): NewDocument {
  const { uri, fingerprint, fileName, mediaType, origin } = item;
  return {
    tenant: source.tenant,
    subject,
    collection: source.collection,
    uri,
    fileName,
    mediaType,
    bytes,
    sourceId: source.id,
    fingerprint,
    origin,
    runId,
    priority: PRIORITY.source,
    mayReplace: (existing) => existing.source_id === source.id,
    ...(isNew({ item, document }) && { acl: aclOf(source) }),
  };
}

async function plan({ store, tally }: TakeDeps, read: readonly Read[]): Promise<void> {
  for (const one of read) {
    if (isNew(one)) tally.changed("added", one.item.uri);
    else if ((await latestDigest(store.db, one.document!.id)) === sha256(one.bytes)) tally.unchanged();
    else tally.changed("changed", one.item.uri);
  }
}

async function latestDigest(sql: Sql, documentId: string): Promise<string | undefined> {
  const latest = await sql.get<{ digest: string }>(
    "select digest from document_version where document_id = $1 order by seq desc limit 1",
    [documentId],
  );
  return latest?.digest;
}

async function savePage(sql: Sql, source: Source, documentId: string, { page }: Item): Promise<void> {
  if (page === undefined) return;
  await sql.run(
    `insert into source_page (document_id, source_id, state) values ($1, $2, $3)
     on conflict (document_id) do update set source_id = excluded.source_id, state = excluded.state`,
    [documentId, source.id, page],
  );
}
