import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Database, Sql, Value } from "./database.ts";
import { openSqlite } from "./sqlite-open.ts";
import { rollBack } from "./sqlite-rollback.ts";
import { scrubFile } from "./sqlite-scrub.ts";

/** The embedded engine behind `Database`: one connection writes, in turn; another reads without waiting. */
export function openSqliteDatabase(path: string): Database {
  const writer = open(path);
  const reader = open(path);
  let tail: Promise<unknown> = Promise.resolve();

  // Async transaction bodies on one connection would interleave: they queue here instead.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work, work);
    tail = turn.catch(() => undefined);
    return turn;
  };
  const listeners = new Map<string, Set<() => void>>();
  const tell = (channel: string): void => {
    for (const heard of listeners.get(channel) ?? []) heard();
  };
  const notify = async (channel: string): Promise<void> => tell(channel);
  const write = { ...statements(writer), notify };
  const read = { ...statements(reader), notify };
  const routed = <T>(sql: string, call: (target: Sql) => Promise<T>): Promise<T> =>
    /^\s*select\b/i.test(sql) ? call(read) : inTurn(() => call(write));

  const transaction: Database["transaction"] = (work) =>
    inTurn(async () => {
      const told = new Set<string>();
      writer.exec("begin immediate");
      try {
        const result = await work({ ...write, notify: async (channel) => void told.add(channel) });
        writer.exec("commit");
        told.forEach(tell);
        return result;
      } catch (error) {
        rollBack(writer);
        throw error;
      }
    });

  return {
    notify,
    all: (sql, params) => routed(sql, (target) => target.all(sql, params)),
    get: (sql, params) => routed(sql, (target) => target.get(sql, params)),
    run: (sql, params) => inTurn(() => write.run(sql, params)),
    transaction,
    // SQLite has one writer, in all processes: every transaction is alone.
    alone: transaction,
    hear(channel, heard) {
      const known = listeners.get(channel) ?? new Set();
      listeners.set(channel, known.add(heard));
      return () => void known.delete(heard);
    },
    scrub: () => inTurn(() => scrubFile(path)),
    close: () =>
      inTurn(async () => {
        reader.close();
        writer.close();
      }),
  };
}

function open(path: string): DatabaseSync {
  const db = openSqlite(path);
  db.exec("pragma foreign_keys = on");
  return db;
}

function statements(db: DatabaseSync): Omit<Sql, "notify"> {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = prepared.get(sql);
    if (!statement) {
      statement = db.prepare(sql.replaceAll(/\$(\d+)/g, "?$1").replaceAll(/\bfor update skip locked\b/g, ""));
      prepared.set(sql, statement);
    }
    return statement;
  };
  const bind = (params: readonly Value[] = []): Value[] => [...params];
  return {
    all: async <T extends object>(sql: string, params?: readonly Value[]) => prepare(sql).all(...bind(params)) as T[],
    get: async <T extends object>(sql: string, params?: readonly Value[]) =>
      prepare(sql).get(...bind(params)) as T | undefined,
    run: async (sql, params) => Number(prepare(sql).run(...bind(params)).changes),
  };
}
