import { type Database, placesOf, type Sql } from "./database.ts";

export const MAX_ATTEMPTS = 5;
/** A job is leased again whenever its worker died; one that has cost so many workers is the reason. */
export const MAX_LEASES = 10;
/** From here on it is leased alone, so that the jobs beside it do not die with it. */
const SUSPECT_LEASES = 3;
const LEASE_MS = 60_000;
const BACKOFF_MS = 2_000;

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
    /** Takes up to `count` jobs that are due, or whose worker stopped renewing its lease, the most urgent first. */
    async lease(count: number): Promise<Job[]> {
      const at = now();
      return db.transaction(async (sql) => {
        for (;;) {
          const due = await sql.all<Due>(
            `select id, leases from job where ${DUE} order by priority, run_at, id limit $2`,
            [at, count],
          );
          const spent = due.filter(({ leases }) => leases >= MAX_LEASES);
          for (const { id } of spent) await bury(sql, id, at);
          const ids = nextOf(due.filter(({ leases }) => leases < MAX_LEASES));
          // All that was due is buried now: behind it there may be more.
          if (ids.length === 0 && spent.length > 0) continue;
          if (ids.length === 0) return [];
          const taken = await sql.all<Job>(
            `update job set state = 'leased', leases = leases + 1, lease_until = $2, lease_token = $3 || id, updated_at = $1
             where ${DUE} and id in (${placesOf(ids, 4)})
             returning id, tenant, kind, payload, attempts, step, lease_token`,
            [at, at + LEASE_MS, `${crypto.randomUUID()}:`, ...ids],
          );
          return taken.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
        }
      });
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

/** $1 is now. Asked again when leasing: another worker may have been faster. */
const DUE = "((state = 'ready' and run_at <= $1) or (state = 'leased' and lease_until <= $1))";

type Due = { readonly id: string; readonly leases: number };

/** A job under suspicion goes alone when its turn comes; until then the others go without it. */
function nextOf(due: readonly Due[]): string[] {
  const isSuspect = ({ leases }: Due): boolean => leases >= SUSPECT_LEASES;
  const [first] = due;
  if (first && isSuspect(first)) return [first.id];
  return due.filter((job) => !isSuspect(job)).map(({ id }) => id);
}

const bury = (sql: Sql, id: string, at: number): Promise<number> =>
  sql.run(
    `update job set state = 'dead', code = 'internal', reason = $1, lease_until = null, lease_token = null, finished_at = $2,
       updated_at = $2 where id = $3`,
    [
      `The worker stopped each of the ${MAX_LEASES} times that it began with this document. Split it, or save it in another format.`,
      at,
      id,
    ],
  );
