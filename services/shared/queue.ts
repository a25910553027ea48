import type { Database, Sql } from "./database.ts";

export const MAX_ATTEMPTS = 5;
const LEASE_MS = 60_000;
const BACKOFF_MS = 2_000;

export type Job = {
  readonly id: string;
  readonly tenant: string;
  readonly kind: string;
  readonly payload: string;
  readonly attempts: number;
  readonly step: string | null;
  readonly lease_token: string;
};

export type NewJob = {
  readonly id: string;
  readonly tenant: string;
  readonly kind: string;
  readonly payload: object;
  readonly priority?: number;
};

/** Adds a job inside the caller's transaction, so work and the data it is about are acknowledged together. */
export async function enqueue(sql: Sql, job: NewJob, now: number): Promise<void> {
  await sql.run(
    `insert into job (id, tenant, kind, payload, state, priority, attempts, run_at, created_at, updated_at)
     values ($1, $2, $3, $4, 'ready', $5, 0, $6, $6, $6)`,
    [job.id, job.tenant, job.kind, JSON.stringify(job.payload), job.priority ?? 1, now],
  );
}

/** Durable queue over the state database: lease, heartbeat, retry with backoff, dead letter. */
export function createQueue(db: Database, now: () => number = Date.now) {
  const finish = (job: Job, state: string, sql: Sql = db): Promise<number> =>
    sql.run(
      `update job set state = $1, lease_until = null, lease_token = null, finished_at = $2, updated_at = $2
       where id = $3 and lease_token = $4`,
      [state, now(), job.id, job.lease_token],
    );
  return {
    /** Takes up to `count` jobs that are due, or whose worker stopped renewing its lease. */
    async lease(count: number): Promise<Job[]> {
      const at = now();
      return db.transaction(async (sql) =>
        sql.all<Job>(
          `update job set state = 'leased', attempts = attempts + 1, lease_until = $1, lease_token = $2 || id, updated_at = $3
           where id in (select id from job where (state = 'ready' and run_at <= $3) or (state = 'leased' and lease_until <= $3)
                        order by priority, run_at, id limit $4)
           returning id, tenant, kind, payload, attempts, step, lease_token`,
          [at + LEASE_MS, `${crypto.randomUUID()}:`, at, count],
        ),
      );
    },
    /** Resolves to false when the lease was lost: the worker must stop and discard what it has. */
    async renew(job: Job, step: string): Promise<boolean> {
      const changed = await db.run(
        "update job set lease_until = $1, step = $2, updated_at = $3 where id = $4 and lease_token = $5",
        [now() + LEASE_MS, step, now(), job.id, job.lease_token],
      );
      return changed === 1;
    },
    /** Inside a transaction it makes the job's effect and its end one fact. Resolves to false when the lease was lost. */
    complete: async (job: Job, sql?: Sql): Promise<boolean> => (await finish(job, "done", sql)) === 1,
    /** Tries again later, or moves to the dead letters with a reason that a user understands. */
    async fail(job: Job, code: string, reason: string, mayRetry: boolean): Promise<"retry" | "dead"> {
      const dead = !mayRetry || job.attempts >= MAX_ATTEMPTS;
      const runAt = now() + BACKOFF_MS * 2 ** (job.attempts - 1);
      await db.run(
        `update job set state = $1, run_at = $2, reason = $3, code = $4, lease_until = null, lease_token = null, updated_at = $5,
           finished_at = $6 where id = $7 and lease_token = $8`,
        [dead ? "dead" : "ready", runAt, reason, code, now(), dead ? now() : null, job.id, job.lease_token],
      );
      return dead ? "dead" : "retry";
    },
    /** A process that owns the database alone takes back, at its start, what an earlier one was killed over. */
    releaseAll: (): Promise<number> =>
      db.run(
        "update job set state = 'ready', lease_until = null, lease_token = null, run_at = $1 where state = 'leased'",
        [now()],
      ),
    async counts(): Promise<Record<string, number>> {
      const rows = await db.all<{ state: string; count: number }>(
        "select state, count(*) as count from job group by state",
      );
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    },
  };
}

export type Queue = ReturnType<typeof createQueue>;
