import { placesOf, type Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { Principal } from "#shared/principal.ts";
import { JOBS_CHANNEL } from "#shared/queue.ts";
import type { DocumentRow, Store } from "./document-row.ts";
import { mayOpen } from "./documents.ts";

const LAST_FAILURES = 10;
const RATE_MS = 60_000;
/** Jobs that are looked through for those of documents that the caller may open. */
const MAX_SCANNED = 1000;
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
const STANDS = `(j.kind <> 'ingest' or exists (select 1 from document_version v join document d on d.id = v.document_id
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

/** Counts are of the whole tenant; failures only of documents that the principal may open. */
export async function ingestionStatus(sql: Sql, principal: Principal, now: number) {
  const documents = await sql.get<{ total: number; searchable: number }>(
    "select count(*) as total, count(current_version) as searchable from document where tenant = $1 and deleted_at is null",
    [principal.tenant],
  );
  const states = await sql.all<{ state: string; count: number }>(
    `select j.state, count(*) as count from job j where j.tenant = $1 and (j.state <> 'dead' or ${STANDS}) group by j.state`,
    [principal.tenant],
  );
  const failures = await sql.all<JobRow>(
    `select j.* from job j where j.tenant = $1 and j.state = 'dead' and ${STANDS} order by j.finished_at desc, j.id limit $2`,
    [principal.tenant, seesAll(principal) ? LAST_FAILURES : MAX_SCANNED],
  );
  const pace = await sql.get<{ finished: number; oldest: number | null; stuck: number }>(
    `select count(case when state = 'done' and finished_at > $2 then 1 end) as finished,
       min(case when state = 'ready' then created_at end) as oldest,
       count(case when state = 'leased' and lease_until < $3 then 1 end) as stuck
     from job where tenant = $1 and (state in ('ready', 'leased') or finished_at > $2)`,
    [principal.tenant, now - RATE_MS, now],
  );
  const waiting = await sql.all<{ reason: string; count: number }>(
    `select reason, count(*) as count from job where tenant = $1 and state = 'ready' and code in ('unavailable', 'rate_limited')
     group by reason order by count desc limit 5`,
    [principal.tenant],
  );
  return {
    /** Jobs that ended in the last minute. */
    finishedLastMinute: Number(pace?.finished ?? 0),
    oldestWaitingMs: pace?.oldest == null ? undefined : now - Number(pace.oldest),
    /** Their worker stopped renewing its lease; the next look takes them. */
    stuck: Number(pace?.stuck ?? 0),
    waiting: waiting.map(({ reason, count }) => ({ reason, jobs: Number(count) })),
    documents: { total: Number(documents?.total ?? 0), searchable: Number(documents?.searchable ?? 0) },
    jobs: Object.fromEntries(states.map(({ state, count }) => [state, Number(count)])),
    failures: (await openJobs(sql, principal, failures)).slice(0, LAST_FAILURES),
  };
}

const seesAll = ({ scopes }: Principal): boolean => scopes.includes("admin");

/** A job's reason and ids say something about its document, so it opens with it, and to whoever sent that. */
async function openJobs(sql: Sql, principal: Principal, rows: readonly JobRow[]): Promise<JobRow[]> {
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
