import type { Database, Sql } from "./database.ts";

export const MAX_ATTEMPTS = 5;
/** A job is leased again whenever its worker died; one that has cost so many workers is the reason. */
export const MAX_LEASES = 10;
/** From here on it is leased alone, so that the jobs beside it do not die with it. */
const SUSPECT_LEASES = 3;
const LEASE_MS = 60_000;
const BACKOFF_MS = 2_000;
/** A store that is away for so long is no passing trouble. */
const GIVE_UP_MS = 86_400_000;

export type Job = {
  readonly id: string;
  readonly tenant: string;
  readonly kind: string;
  readonly payload: string;
  /** How often it has failed before. */
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

/** What a worker listens for: `Database.hear`. */
export const JOBS_CHANNEL = "cairn_job";

/**
 * Adds a job inside the caller's transaction, so work and the data it is about are acknowledged together. Its turn is
 * one after the tenant's last waiting job, and not before the job that is next: however much one tenant brings at
 * once, the others wait for one job of it at a time (start-time fair queueing; Goyal, Vin and Cheng, 1996).
 */
export async function enqueue(sql: Sql, job: NewJob, now: number): Promise<void> {
  const { id, tenant, kind, payload, priority = 1 } = job;
  const { last, first } = (await sql.get<{ last: number | null; first: number | null }>(
    `select (select max(turn) from job where state = 'ready' and priority = $1 and tenant = $2) as last,
       (select min(turn) from job where state = 'ready' and priority = $1) as first`,
    [priority, tenant],
  ))!;
  const turn = last === null ? (first ?? 0) : Math.max(last + 1, first ?? 0);
  await sql.run(
    `insert into job (id, tenant, kind, payload, state, priority, attempts, run_at, created_at, updated_at, turn)
     values ($1, $2, $3, $4, 'ready', $5, 0, $6, $6, $6, $7)`,
    [id, tenant, kind, JSON.stringify(payload), priority, now, turn],
  );
  await sql.notify(JOBS_CHANNEL);
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
    /**
     * Takes up to `count` jobs that are due, or whose worker stopped renewing its lease: the most urgent first, tenants
     * in turn. Each is one statement, so that workers pass by what others are taking instead of waiting for them.
     */
    async lease(count: number): Promise<Job[]> {
      const at = now();
      await db.run(
        `update job set state = 'ready', lease_until = null, lease_token = null, updated_at = $1
         where id in (select id from job where state = 'leased' and lease_until <= $1 for update skip locked)`,
        [at],
      );
      for (;;) {
        const taken = await db.all<Job & Due>(LEASE, [at, at + LEASE_MS, `${crypto.randomUUID()}:`, count]);
        const spent = taken.filter(({ leases }) => leases > MAX_LEASES);
        for (const job of spent) await bury(db, job, at);
        // All that was due is buried now: behind it there may be more.
        if (taken.length > 0 && spent.length === taken.length) continue;
        return taken.filter(({ leases }) => leases <= MAX_LEASES).sort(byUrgency);
      }
    },
    /** For a worker that leased jobs and did not begin: they are due at once, and their leases do not count. */
    giveBack: (jobs: readonly Job[]): Promise<void> =>
      db.transaction(async (sql) => {
        for (const { id, lease_token } of jobs) {
          await sql.run(
            `update job set state = 'ready', leases = leases - 1, lease_until = null, lease_token = null, step = null,
               updated_at = $1
             where id = $2 and lease_token = $3`,
            [now(), id, lease_token],
          );
        }
      }),
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
      const dead = !mayRetry || job.attempts + 1 >= MAX_ATTEMPTS;
      const runAt = now() + BACKOFF_MS * 2 ** job.attempts;
      // A worker that can say what went wrong has survived the job: the count of deaths begins anew.
      await db.run(
        `update job set state = $1, run_at = $2, reason = $3, code = $4, lease_until = null, lease_token = null, updated_at = $5,
           finished_at = $6, attempts = attempts + 1, leases = 0 where id = $7 and lease_token = $8`,
        [dead ? "dead" : "ready", runAt, reason, code, now(), dead ? now() : null, job.id, job.lease_token],
      );
      return dead ? "dead" : "retry";
    },
    /** A long job goes on later, after what is more urgent. Resolves to false when the lease was lost. */
    async goOn(job: Job, delayMs: number, sql: Sql = db): Promise<boolean> {
      const changed = await sql.run(
        `update job set state = 'ready', run_at = $1, attempts = 0, leases = 0, lease_until = null, lease_token = null,
           updated_at = $2 where id = $3 and lease_token = $4`,
        [now() + delayMs, now(), job.id, job.lease_token],
      );
      return changed === 1;
    },
    /**
     * Not its fault: a store or a model server was away. Due again after `delayMs`, without an attempt counted; given up
     * after a day. Resolves like `fail`.
     */
    async postpone(job: Job, code: string, reason: string, delayMs: number): Promise<"retry" | "dead"> {
      const at = now();
      const row = await db.get<{ state: string }>(
        `update job set state = case when created_at < $1 then 'dead' else 'ready' end, run_at = $2, reason = $3, code = $4,
           lease_until = null, lease_token = null, updated_at = $5, leases = leases - 1,
           finished_at = case when created_at < $1 then $5 else null end
         where id = $6 and lease_token = $7 returning state`,
        [at - GIVE_UP_MS, at + delayMs, reason, code, at, job.id, job.lease_token],
      );
      return row?.state === "dead" ? "dead" : "retry";
    },
    /** A process that owns the database alone takes back, at its start, what an earlier one was killed over. */
    releaseAll: (): Promise<number> =>
      db.run(
        "update job set state = 'ready', lease_until = null, lease_token = null, run_at = $1 where state = 'leased'",
        [now()],
      ),
    /** How many jobs are ready or at work, those waiting for another attempt included. */
    async left(): Promise<number> {
      const row = await db.get<{ count: number }>(
        "select count(*) as count from job where state in ('ready', 'leased')",
      );
      return Number(row?.count ?? 0);
    },
  };
}

export type Queue = ReturnType<typeof createQueue>;

type Due = { readonly leases: number; readonly priority: number; readonly turn: number; readonly run_at: number };

const byUrgency = (a: Job & Due, b: Job & Due): number =>
  a.priority - b.priority || a.turn - b.turn || a.run_at - b.run_at || (a.id < b.id ? -1 : 1);

/** A job under suspicion goes alone when its turn comes; until then the others go without it. */
const LEASE = `
  with due as (select id, leases, priority, turn, run_at from job where state = 'ready' and run_at <= $1
    order by priority, turn, run_at, id limit $4 for update skip locked),
  first as (select id, leases from due order by priority, turn, run_at, id limit 1)
  update job set state = 'leased', leases = job.leases + 1, lease_until = $2, lease_token = $3 || job.id, updated_at = $1
  where job.id in (select due.id from due, first
    where due.id = first.id or (first.leases < ${SUSPECT_LEASES} and due.leases < ${SUSPECT_LEASES}))
  returning id, tenant, kind, payload, attempts, step, lease_token, leases, priority, turn, run_at`;

const bury = (sql: Sql, { id, lease_token }: Job, at: number): Promise<number> =>
  sql.run(
    `update job set state = 'dead', code = 'internal', reason = $1, lease_until = null, lease_token = null, finished_at = $2,
       updated_at = $2 where id = $3 and lease_token = $4`,
    [
      `The worker stopped each of the ${MAX_LEASES} times that it began with this document. Split it, or save it in another format.`,
      at,
      id,
      lease_token,
    ],
  );
