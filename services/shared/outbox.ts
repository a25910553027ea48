import type { Database, Sql } from "./database.ts";
import type { Log } from "./log.ts";

/** Who is told: whoever listens for run events of pipelines, or the operator's own webhook. */
export type Topic = "openlineage" | "webhook";

export type Message = {
  readonly id: string;
  readonly tenant: string;
  readonly topic: Topic;
  readonly body: object;
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** Sends one body. Rejects when it should be tried again. */
export type Send = (message: { readonly id: string; readonly body: string }, signal: AbortSignal) => Promise<void>;

/** Puts a message beside the change that it tells of, in the same transaction: it is told if and only if that happened. */
export async function post(sql: Sql, { id, tenant, topic, body, at }: Message): Promise<void> {
  await sql.run(
    `insert into outbox (id, tenant, topic, body, state, attempts, run_at, at) values ($1, $2, $3, $4, 'waiting', 0, $5, $5)`,
    [id, tenant, topic, JSON.stringify(body), at],
  );
}

/** Forgets what was written before `before`, sent or not. Resolves to how many messages. */
export const pruneOutbox = (sql: Sql, before: number): Promise<number> =>
  sql.run("delete from outbox where at < $1", [before]);

const POLL_MS = 1000;
const BATCH = 20;
const SEND_LIMIT_MS = 15_000;
/** As long as another sender leaves a message alone that this one has taken. */
const LEASE_MS = 60_000;
const MAX_ATTEMPTS = 12;
const BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 3_600_000;

type Waiting = {
  readonly id: string;
  readonly topic: Topic;
  readonly body: string;
  readonly attempts: number;
  readonly run_at: number;
};

/**
 * Sends what is waiting for the given topics, in the background: at least once, in order as far as nothing fails, again
 * with growing pauses for about half a day, and then no more. Messages of other topics stay where they can be read.
 */
export function startDeliveries(
  db: Database,
  targets: Partial<Record<Topic, Send>>,
  log: Log,
  now: () => number = Date.now,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let wake = (): void => {};

  async function round(): Promise<void> {
    for (const [topic, send] of Object.entries(targets)) {
      const due = await db.all<Waiting>(
        `select id, topic, body, attempts, run_at from outbox where topic = $1 and state = 'waiting' and run_at <= $2
         order by run_at, id limit ${BATCH}`,
        [topic, now()],
      );
      for (const message of due) if (!stopping.signal.aborted && (await take(message))) await deliver(message, send);
    }
  }

  const take = async ({ id, run_at }: Waiting): Promise<boolean> =>
    (await db.run("update outbox set run_at = $1 where id = $2 and state = 'waiting' and run_at = $3", [
      now() + LEASE_MS,
      id,
      run_at,
    ])) === 1;

  async function deliver({ id, topic, body, attempts }: Waiting, send: Send): Promise<void> {
    try {
      await send({ id, body }, AbortSignal.any([stopping.signal, AbortSignal.timeout(SEND_LIMIT_MS)]));
      await db.run("update outbox set state = 'sent', sent_at = $1, problem = null where id = $2", [now(), id]);
    } catch (error) {
      const last = attempts + 1 >= MAX_ATTEMPTS;
      const problem = (error instanceof Error ? error.message : String(error)).slice(0, 200);
      const pause = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** attempts);
      log.warn("delivery failed", { topic, attempts: attempts + 1, givenUp: last, problem });
      await db.run("update outbox set state = $1, attempts = attempts + 1, run_at = $2, problem = $3 where id = $4", [
        last ? "failed" : "waiting",
        now() + pause,
        problem,
        id,
      ]);
    }
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error) => log.error("deliveries failed", error));
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, POLL_MS);
      if (!stopping.signal.aborted) await promise;
      clearTimeout(timer);
    }
  }

  const running = Object.keys(targets).length > 0 ? loop() : Promise.resolve();
  return {
    async stop() {
      stopping.abort();
      wake();
      await running;
    },
  };
}
