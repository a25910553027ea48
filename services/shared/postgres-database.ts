import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Database, Row, Sql, Value } from "./database.ts";
import { AppError } from "./errors.ts";
import { type Log, silentLog } from "./log.ts";
import { postgresListener } from "./postgres-listener.ts";

const MAX_CONNECTIONS = 10;
/** Waiting for a free connection, or for a new one. */
const CONNECT_TIMEOUT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2000;
const LOCK_TIMEOUT_MS = 5000;
/** A process that stopped in the middle of a transaction must not hold its locks. */
const IDLE_TIMEOUT_MS = 30_000;
/** Schema changes wait for each other, and a new index takes its time. */
const ALONE_TIMEOUT_MS = 600_000;
const MAX_TRIES = 12;
const BACKOFF_MS = 5;
/** Any number that no other program on the database uses. */
const ALONE_LOCK = 7_161_202;

const INT8 = 20;
const NUMERIC = 1700;
const CONFLICTS = new Set(["40001", "40P01"]);
/** Of two that insert the same row the later one fails; seen again, the row is there to be read. */
const UNIQUE_VIOLATION = "23505";
const MAX_UNIQUE_TRIES = 3;
/** What the server says when it stops, starts, is full, read-only after a failover, or had no time. */
const AWAY = /^(08...|57...|53...|55P03|25006|25P03)$/;

const NETWORK = /^E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)$/;

type Isolation = "repeatable read" | "read committed";

/**
 * PostgreSQL behind `Database`. It keeps nothing in a session (settings are per transaction, statements are not
 * named), so that a PgBouncer in transaction mode may stand between; only `hear` needs a session, and without one
 * it hears nothing. Rejects with `AppError` `unavailable` when the server does not answer.
 */
export function openPostgresDatabase(url: string, log: Log = silentLog, maxConnections = MAX_CONNECTIONS): Database {
  const connection = { connectionString: url, keepAlive: true, application_name: "cairn" };
  const pool = new pg.Pool({
    ...connection,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A server that went away without a word; also the limit of a read, which has no transaction to carry one.
    query_timeout: ANSWER_TIMEOUT_MS,
  });
  // An idle connection that breaks is replaced by the next query that needs one.
  pool.on("error", (error) => log.warn("idle database connection lost", { reason: error.message }));
  const listener = postgresListener(connection, log);

  async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error: Error) => {
      throw unavailable(error);
    });
    // Between two queries of a transaction nobody else listens, and an error without a listener ends the process.
    const broken = (): void => {};
    client.on("error", broken);
    let failure: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      if (error instanceof Unbegun || isAway(error)) failure = error as Error;
      throw failure ? unavailable(failure) : error;
    } finally {
      client.off("error", broken);
      client.release(failure);
    }
  }

  function inTransaction<T>(isolation: Isolation, work: (sql: Sql) => Promise<T>, alone = false): Promise<T> {
    const limit = alone ? ALONE_TIMEOUT_MS : STATEMENT_TIMEOUT_MS;
    return withClient(async (client) => {
      await client
        .query(
          `begin isolation level ${isolation}; set local statement_timeout = ${limit};
         set local lock_timeout = ${alone ? ALONE_TIMEOUT_MS : LOCK_TIMEOUT_MS};
         set local idle_in_transaction_session_timeout = ${IDLE_TIMEOUT_MS}`,
        )
        .catch((error: Error) => {
          throw new Unbegun(error.message, { cause: error });
        });
      const sql = statements(client, alone ? ALONE_TIMEOUT_MS : undefined);
      try {
        if (alone) await sql.run(`select pg_advisory_xact_lock(${ALONE_LOCK})`);
        const result = await work(sql);
        await client.query("commit");
        return result;
      } catch (error) {
        if (!isAway(error) || isStatement(error)) await client.query("rollback");
        throw error;
      }
    });
  }

  const once = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    again(() => inTransaction("read committed", work), log);
  // A read of one statement needs no transaction, and is safe to repeat when its connection turns out to be dead.
  const reading = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    withClient((client) => work(statements(client))).catch((error: unknown) => {
      if (!(error instanceof AppError) || !isDead(error.cause)) throw error;
      return withClient((client) => work(statements(client)));
    });
  const routed = <T>(sql: string, work: (target: Sql) => Promise<T>): Promise<T> =>
    /^\s*select\b/i.test(sql) ? reading(work) : once(work);

  return {
    all: (sql, params) => routed(sql, (target) => target.all(sql, params)),
    get: (sql, params) => routed(sql, (target) => target.get(sql, params)),
    run: (sql, params) => once((target) => target.run(sql, params)),
    notify: (channel) => once((target) => target.notify(channel)),
    transaction: (work) => again(() => inTransaction("repeatable read", work), log),
    // Not repeatable: what it reads must be what the one before it in the line has left.
    alone: (work) => inTransaction("read committed", work, true),
    hear: listener.hear,
    // The write-ahead log, its archive, replicas and backups keep what they hold until they are recycled.
    scrub: () =>
      withClient(async (client) => {
        const sql = statements(client, ALONE_TIMEOUT_MS);
        const tables = await sql.all<{ name: string }>(
          "select quote_ident(tablename) as name from pg_tables where schemaname = current_schema()",
        );
        for (const { name } of tables) await sql.run(`vacuum (full) ${name}`);
      }),
    async close() {
      await listener.close();
      await pool.end();
    },
  };
}

/** Runs a transaction again after a conflict with another one, a little later each time. */
async function again<T>(run: () => Promise<T>, log: Log): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const code = codeOf(error);
      const stale = tries <= 2 && error instanceof AppError && error.cause instanceof Unbegun;
      const unique = code === UNIQUE_VIOLATION && tries < MAX_UNIQUE_TRIES;
      const conflict = CONFLICTS.has(code) && tries < MAX_TRIES;
      if (!stale && !unique && !conflict) throw error;
      if (tries > MAX_TRIES / 2) log.warn("transaction repeated", { tries, code });
      await sleep(Math.random() * BACKOFF_MS * 2 ** Math.min(tries, 6));
    }
  }
}

function statements(client: pg.PoolClient, timeoutMs?: number): Sql {
  const query = async <T extends object>(text: string, params: readonly Value[] = []): Promise<pg.QueryResult<T>> => {
    const config = { text, values: params.map(bound), types: { getTypeParser }, query_timeout: timeoutMs };
    return client.query<T & pg.QueryResultRow>(config as pg.QueryConfig);
  };
  return {
    all: async <T extends object = Row>(sql: string, params?: readonly Value[]) => (await query<T>(sql, params)).rows,
    get: async <T extends object = Row>(sql: string, params?: readonly Value[]) =>
      (await query<T>(sql, params)).rows[0],
    run: async (sql, params) => (await query(sql, params)).rowCount ?? 0,
    notify: async (channel) => void (await query("select pg_notify($1, '')", [channel])),
  };
}

/** Counts and sums are numbers here, as on SQLite. */
function getTypeParser(oid: number): (text: string) => unknown {
  if (oid === INT8 || oid === NUMERIC) return Number;
  return pg.types.getTypeParser(oid) as (text: string) => unknown;
}

function bound(value: Value): unknown {
  if (typeof value !== "string" || !value.includes("\0"))
    return value instanceof Uint8Array ? Buffer.from(value) : value;
  throw new AppError("invalid_request", "The text holds a NUL character (U+0000), which the database cannot store.");
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** Whether the server answered, but had no time or room for this statement: the connection is as good as before. */
const isStatement = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(57014|55P03)$/.test(error.code ?? "");

function isAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return AWAY.test(error.code ?? "");
  if (!(error instanceof Error) || error instanceof AppError) return false;
  return (
    NETWORK.test(codeOf(error)) || /^(Connection terminated|Query read timeout|timeout exceeded)/.test(error.message)
  );
}

const isDead = (error: unknown): boolean =>
  /^(57P01|57P02|EPIPE|ECONNRESET)$/.test(codeOf(error)) ||
  (error instanceof Error && error.message.startsWith("Connection terminated"));

/** The transaction did not begin, so nothing of it has happened: a pooled connection may have been dead for long. */
class Unbegun extends Error {}

const unavailable = (cause: Error): AppError =>
  cause instanceof AppError
    ? cause
    : new AppError("unavailable", "The database does not answer. Try again shortly.", { cause, retryAfterSeconds: 2 });
