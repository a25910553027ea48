import type { Sql } from "#shared/database.ts";
import type { Principal } from "#shared/principal.ts";
import { type JobRow, MAX_SCANNED, openJobs, STANDS, seesAll } from "./jobs.ts";

const LAST_FAILURES = 10;
const SHOWN = 5;
const RATE_MS = 60_000;
const NOT_AWAY = "coalesce(code, '') not in ('unavailable', 'rate_limited')";

/** What is running, stuck and failed, and why. Counts are of the whole tenant; jobs only of documents that the principal may open. */
export async function ingestionStatus(sql: Sql, principal: Principal, now: number) {
  const documents = await sql.get<{ total: number; searchable: number }>(
    "select count(*) as total, count(current_version) as searchable from document where tenant = $1 and deleted_at is null",
    [principal.tenant],
  );
  const states = await sql.all<{ state: string; count: number }>(
    `select j.state, count(*) as count from job j where j.tenant = $1 and (j.state <> 'dead' or ${STANDS}) group by j.state`,
    [principal.tenant],
  );
  const pace = await sql.get<{ finished: number; oldest: number | null; due: number | null; stuck: number }>(
    `select count(case when state = 'done' and finished_at > $2 then 1 end) as finished,
       min(case when state = 'ready' then created_at end) as oldest, min(case when state = 'ready' then run_at end) as due,
       count(case when state = 'leased' and lease_until < $3 then 1 end) as stuck
     from job where tenant = $1 and (state in ('ready', 'leased') or finished_at > $2)`,
    [principal.tenant, now - RATE_MS, now],
  );
  const waiting = await sql.all<{ reason: string; count: number }>(
    `select reason, count(*) as count from job where tenant = $1 and state = 'ready' and not (${NOT_AWAY})
     group by reason order by count desc limit 5`,
    [principal.tenant],
  );
  const some = async (condition: string, order: string, limit: number): Promise<JobRow[]> => {
    const scanned = seesAll(principal) ? limit : MAX_SCANNED;
    const rows = await sql.all<JobRow>(
      `select j.* from job j where j.tenant = $1 and ${condition} order by ${order}, j.id limit $2`,
      [principal.tenant, scanned],
    );
    return (await openJobs(sql, principal, rows)).slice(0, limit);
  };
  // Of every tenant: workers are there for all of them. One that waits for a store puts jobs off, which touches them.
  const attended = async (): Promise<boolean> => {
    const touched = await sql.get<{ one: number }>(
      `select 1 as one from job where (state = 'leased' and lease_until >= $1)
         or (state = 'ready' and updated_at > $2 and updated_at > created_at) limit 1`,
      [now, now - RATE_MS],
    );
    return touched !== undefined || Number(pace?.finished ?? 0) > 0;
  };
  return {
    /** Jobs that ended in the last minute. */
    finishedLastMinute: Number(pace?.finished ?? 0),
    oldestWaitingMs: pace?.oldest == null ? undefined : now - Number(pace.oldest),
    /** Their worker stopped renewing its lease; the next look takes them. */
    stuck: Number(pace?.stuck ?? 0),
    waiting: waiting.map(({ reason, count }) => ({ reason, jobs: Number(count) })),
    documents: { total: Number(documents?.total ?? 0), searchable: Number(documents?.searchable ?? 0) },
    jobs: Object.fromEntries(states.map(({ state, count }) => [state, Number(count)])),
    failures: await some(`j.state = 'dead' and ${STANDS}`, "j.finished_at desc", LAST_FAILURES),
    running: await some("j.state = 'leased'", "j.created_at", SHOWN),
    /** They failed and get another attempt. What waits for a store that is away has not failed. */
    retrying: await some(
      `j.state = 'ready' and j.attempts > 0 and j.reason is not null and ${NOT_AWAY}`,
      "j.run_at",
      SHOWN,
    ),
    /** Somebody has waited for a minute, and no worker has touched any job in that time. */
    unattended: now - Number(pace?.due ?? now) > RATE_MS && !(await attended()),
  };
}
