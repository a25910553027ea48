import { audit } from "#shared/audit.ts";
import { placesOf, type Sql, type Value } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { likePattern } from "#shared/like-pattern.ts";
import { OUTLIVED_DELETION } from "#shared/outlived-deletion.ts";
import { type AclEntry, mayRead, type Principal, scopeOf } from "#shared/principal.ts";
import { enqueue } from "#shared/queue.ts";
import type { StaleReads } from "#shared/replica-reads.ts";
import { aclOf, type DocumentRow, type Store, type VersionRow } from "./document-row.ts";
import { logEvent } from "./log-event.ts";
import { enqueueRefile, refileDocument } from "./refile.ts";

const SCAN_ROWS = 200;
const MAX_SCANS = 10;
/** The first comparison of times alone is what an index can seek by. */
const wanted = (also = ""): string => `from document d where d.tenant = $1 and d.deleted_at is null
  and ($4 = '' or d.collection = $4) and ($5 = '' or lower(d.title) like $5 escape '\\' or lower(d.uri) like $5 escape '\\')
  and d.created_at <= $2 and (d.created_at < $2 or d.id > $3) ${also} order by d.created_at desc, d.id limit ${SCAN_ROWS}`;
const SELECT = `select d.*, (select j.state from document_version v join job j on j.id = v.id
  where v.document_id = d.id and v.seq = d.latest_seq) as latest_job`;

/** `state` of the job is what a version is waiting for or failed over. */
export type VersionState = VersionRow & {
  readonly state: string | null;
  readonly reason: string | null;
  readonly code: string | null;
};

/** A document opens to readers by its ACL, to whoever brought it, and to administrators of its tenant. */
export function mayOpen(principal: Principal, row: DocumentRow): boolean {
  if (row.tenant !== principal.tenant) return false;
  if (principal.scopes.includes("admin") || row.created_by === principal.subject) return true;
  return mayRead(scopeOf(principal), { tenant: row.tenant, collection: row.collection, acl: aclOf(row) });
}

/** Rejects with `document_not_found` alike for what is absent, deleted, another tenant's or closed to the principal. */
export async function getDocument(sql: Sql, principal: Principal, id: string): Promise<DocumentRow> {
  const row = await sql.get<DocumentRow>(
    `${SELECT} from document d where d.id = $1 and d.tenant = $2 and d.deleted_at is null`,
    [id, principal.tenant],
  );
  if (!row || !mayOpen(principal, row)) throw new AppError("document_not_found", "There is no such document.");
  return row;
}

/** The row whoever may open it, deleted or not. */
export async function rowOf(sql: Sql, id: string): Promise<DocumentRow> {
  const row = await sql.get<DocumentRow>(`${SELECT} from document d where d.id = $1`, [id]);
  if (!row) throw new Error(`There is no row of the document ${id}`);
  return row;
}

/** Newest first; only those since the document was last deleted. */
export const versionsOf = (sql: Sql, documentId: string): Promise<VersionState[]> =>
  sql.all<VersionState>(
    `select v.*, j.state, j.reason, j.code from document_version v join document d on d.id = v.document_id
       left join job j on j.id = v.id
     where v.document_id = $1 and ${OUTLIVED_DELETION} order by v.seq desc`,
    [documentId],
  );

/** A version that is searchable or was. Rejects with `not_found` for all others, and for those from before a deletion. */
export async function readVersion(sql: Sql, documentId: string, versionId: string): Promise<VersionRow> {
  const version = await sql.get<VersionRow>(
    `select v.* from document_version v join document d on d.id = v.document_id
     where v.id = $1 and v.document_id = $2 and v.ready_at is not null and ${OUTLIVED_DELETION}`,
    [versionId, documentId],
  );
  if (!version) throw new AppError("not_found", "This version does not exist or has no text yet.");
  return version;
}

/** `ready` is searchable, `failed` never was and will not be by itself, `pending` is on its way. */
export const DOCUMENT_STATES = ["ready", "pending", "failed"] as const;

export const stateOf = ({ current_version, latest_job }: DocumentRow): (typeof DOCUMENT_STATES)[number] =>
  current_version !== null ? "ready" : latest_job === "dead" ? "failed" : "pending";

export type ListFilter = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly collection?: string | undefined;
  /** What title or uri contain. */
  readonly query?: string | undefined;
  readonly state?: (typeof DOCUMENT_STATES)[number] | undefined;
};

type Place = Pick<DocumentRow, "id" | "created_at">;

export type Page = {
  readonly documents: DocumentRow[];
  /** Absent on the last page. */
  readonly next: string | undefined;
};

/**
 * Newest first. A search by words goes to the `replica`, which only proposes. Rows are filtered after the query, so a page is filled from several scans; after `MAX_SCANS` it ends
 * as it is, maybe empty, and `next` goes on from there: the database answers nobody else meanwhile.
 */
export async function listDocuments(
  sql: Sql,
  principal: Principal,
  { limit, cursor, collection, query, state }: ListFilter,
  replica: StaleReads = sql,
): Promise<Page> {
  const documents: DocumentRow[] = [];
  let [at, id] = cursor === undefined ? [Number.MAX_SAFE_INTEGER, ""] : fromCursor(cursor);
  for (let scan = 0; scan < MAX_SCANS; scan++) {
    const asked = [principal.tenant, at, id, collection ?? "", likePattern(query)];
    const proposed =
      query && replica !== sql ? await replica.all<Place>(`select d.id, d.created_at ${wanted()}`, asked) : undefined;
    const rows = proposed
      ? await confirmed(sql, asked, proposed)
      : await sql.all<DocumentRow>(`${SELECT} ${wanted()}`, asked);
    for (const row of rows) {
      if (!mayOpen(principal, row) || (state !== undefined && stateOf(row) !== state)) continue;
      const last = documents.at(-1);
      if (last && documents.length === limit) return { documents, next: toCursor(last.created_at, last.id) };
      documents.push(row);
    }
    const scanned = proposed ?? rows;
    const last = scanned.at(-1);
    if (!last || scanned.length < SCAN_ROWS) return { documents, next: undefined };
    [at, id] = [last.created_at, last.id];
  }
  return { documents, next: toCursor(at, id) };
}

/** As they are now: a title, a deletion or an ACL of a moment ago may not have reached the replica. */
async function confirmed(sql: Sql, asked: readonly Value[], proposed: readonly Place[]): Promise<DocumentRow[]> {
  if (proposed.length === 0) return [];
  const ids = proposed.map(({ id }) => id);
  return sql.all<DocumentRow>(`${SELECT} ${wanted(`and d.id in (${placesOf(ids, asked.length + 1)})`)}`, [
    ...asked,
    ...ids,
  ]);
}

const toCursor = (at: number, id: string): string => Buffer.from(`${at}:${id}`).toString("base64url");

function fromCursor(cursor: string): [number, string] {
  const [, at, id] = /^(\d{1,16}):([\w-]{1,64})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (!at || !id)
    throw new AppError("invalid_request", "cursor: is not one that this API gave out.", { param: "cursor" });
  return [Number(at), id];
}

/**
 * Effective at once: the database decides who reads, and the index is refiled before this resolves. The new title
 * is what every answer and listing shows; the index keeps ranking by the old one until the next version.
 */
export async function patchDocument(
  store: Store,
  principal: Principal,
  id: string,
  change: { title?: string | undefined; acl?: readonly AclEntry[] | undefined },
): Promise<DocumentRow> {
  const patched = await store.db.transaction(async (sql) => {
    const row = await getDocument(sql, principal, id);
    const next = {
      ...row,
      title: change.title ?? row.title,
      acl: change.acl ? JSON.stringify(change.acl) : row.acl,
      updated_at: store.now(),
    };
    await sql.run("update document set title = $1, acl = $2, updated_at = $3 where id = $4", [
      next.title,
      next.acl,
      next.updated_at,
      id,
    ]);
    await audit(store, sql, principal, "document.patch", id);
    if (change.acl) await enqueueRefile(sql, store, next);
    return next;
  });
  if (change.acl) await refileDocument(store.db, store.index, id);
  return patched;
}

/** The tombstone hides the document when this resolves; its job then removes chunks and, last, the stored bytes. */
export async function deleteDocument(store: Store, principal: Principal, id: string): Promise<{ jobId: string }> {
  return store.db.transaction(async (sql) => {
    const row = await getDocument(sql, principal, id);
    const jobId = await tombstone(store, sql, row);
    await audit(store, sql, principal, "document.delete", id);
    return { jobId };
  });
}

/** Versions are retired too, so that none of them can become current when the document comes back. */
export async function tombstone(store: Pick<Store, "now" | "newId">, sql: Sql, row: DocumentRow): Promise<string> {
  const now = store.now();
  const jobId = store.newId();
  const versions = await sql.all<{ id: string }>("select id from document_version where document_id = $1", [row.id]);
  await sql.run("update document set deleted_at = $1, updated_at = $1, current_version = null where id = $2", [
    now,
    row.id,
  ]);
  await sql.run("update document_version set retired_at = $1 where document_id = $2 and retired_at is null", [
    now,
    row.id,
  ]);
  const payload = { documentId: row.id, versionIds: versions.map((version) => version.id) };
  // Before any upload: it costs little, and until it is done the content is still stored.
  await enqueue(sql, { id: jobId, tenant: row.tenant, kind: "remove", payload, priority: 0 }, now);
  const gone = { tenant: row.tenant, documentId: row.id, versionId: row.current_version, commitment: null };
  await logEvent(sql, { id: store.newId(), kind: "delete", ...gone, at: now });
  return jobId;
}
