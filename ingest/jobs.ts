import { placesOf, type Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { Principal } from "#shared/principal.ts";
import { JOBS_CHANNEL } from "#shared/queue.ts";
import type { DocumentRow, Store } from "./document-row.ts";
import { mayOpen } from "./documents.ts";

/** Jobs that are looked through for those of documents that the caller may open. */
export const MAX_SCANNED = 1000;
const IDS_A_QUERY = 500;

/** A job's row without what workers need. */
export type JobRow = {
  readonly id: string;
  readonly kind: string;
  readonly payload: string;
  readonly state: string;
  readonly step: string | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly code: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly finished_at: number | null;
};

/** What a job is about. `subject` is whoever sent the document. */
export type JobPayload = {
  readonly documentId?: string;
  readonly versionId?: string;
  readonly subject?: string;
};

/** Every kind of job has a document; those of uploads also a version and a subject. */
export const payloadOf = (row: Pick<JobRow, "payload">): JobPayload => JSON.parse(row.payload) as JobPayload;

/** A failure that still matters: a later version, or the end of the document, has overtaken the others. */
export const STANDS = `(j.kind <> 'ingest' or exists (select 1 from document_version v join document d on d.id = v.document_id
  where v.id = j.id and v.seq = d.latest_seq and d.deleted_at is null))`;

/** Rejects with `not_found` alike for what is absent, another tenant's, or about a document closed to the principal. */
export async function getJob(sql: Sql, principal: Principal, id: string): Promise<JobRow> {
  const row = await sql.get<JobRow>("select * from job where id = $1 and tenant = $2", [id, principal.tenant]);
  const [open] = row ? await openJobs(sql, principal, [row]) : [];
  if (!open) throw new AppError("not_found", "There is no such job.");
  return open;
}

/** A job that was given up begins anew. Rejects with `conflict` for one that was not. */
export async function retryJob(
  { db, now }: Pick<Store, "db" | "now">,
  principal: Principal,
  id: string,
): Promise<JobRow> {
  return db.transaction(async (sql) => {
    const job = await getJob(sql, principal, id);
    const changed = await sql.run(
      `update job set state = 'ready', attempts = 0, leases = 0, run_at = $1, updated_at = $1, finished_at = null
       where id = $2 and state = 'dead'`,
      [now(), job.id],
    );
    if (changed === 0) throw new AppError("conflict", "Only a job that was given up can be tried anew.");
    await sql.notify(JOBS_CHANNEL);
    return getJob(sql, principal, id);
  });
}

/** Those that changed last first. */
export async function listJobs(
  sql: Sql,
  principal: Principal,
  { state, limit }: { readonly state?: string | undefined; readonly limit: number },
): Promise<JobRow[]> {
  const rows = await sql.all<JobRow>(
    "select * from job where tenant = $1 and ($2 = '' or state = $2) order by updated_at desc, id limit $3",
    [principal.tenant, state ?? "", seesAll(principal) ? limit : MAX_SCANNED],
  );
  return (await openJobs(sql, principal, rows)).slice(0, limit);
}

/** Whoever sees every job of the tenant, whatever document it is about. */
export const seesAll = ({ scopes }: Principal): boolean => scopes.includes("admin");

/** A job's reason and ids say something about its document, so it opens with it, and to whoever sent that. */
export async function openJobs(sql: Sql, principal: Principal, rows: readonly JobRow[]): Promise<JobRow[]> {
  if (seesAll(principal)) return [...rows];
  const ids = [...new Set(rows.map((row) => payloadOf(row).documentId).filter((id) => id !== undefined))];
  const open = new Set<string>();
  for (let at = 0; at < ids.length; at += IDS_A_QUERY) {
    const some = ids.slice(at, at + IDS_A_QUERY);
    const places = placesOf(some, 2);
    const documents = await sql.all<DocumentRow>(`select * from document where tenant = $1 and id in (${places})`, [
      principal.tenant,
      ...some,
    ]);
    for (const document of documents) if (mayOpen(principal, document)) open.add(document.id);
  }
  return rows.filter((row) => {
    const { documentId, subject } = payloadOf(row);
    return (documentId !== undefined && open.has(documentId)) || subject === principal.subject;
  });
}

const DAY_MS = 86_400_000;
const KEEP_DONE_MS = 7 * DAY_MS;
const KEEP_FAILED_MS = 30 * DAY_MS;

/**
 * Forgets jobs that nobody asks about any more. A failure that still stands is kept: without it the document would
 * look as if it were waiting, and the same bytes would be refused as unchanged. Resolves to how many are gone.
 */
export async function pruneJobs(sql: Sql, now: number): Promise<number> {
  const done = await sql.run("delete from job where state = 'done' and finished_at < $1", [now - KEEP_DONE_MS]);
  const failed = await sql.run(
    `delete from job where id in (select j.id from job j where j.state = 'dead' and j.finished_at < $1
       and (j.kind <> 'ingest' or not ${STANDS}))`,
    [now - KEEP_FAILED_MS],
  );
  return done + failed;
}
