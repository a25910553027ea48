import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { AppError } from "./errors.ts";

/**
 * Writes the whole file anew and empties the write-ahead log: rows that were deleted, and earlier forms of those that
 * were changed, are gone from both. Throws `unavailable` when another connection holds the log for too long.
 */
export function scrubSqlite(db: DatabaseSync): void {
  db.exec("vacuum");
  const { busy } = db.prepare("pragma wal_checkpoint(truncate)").get() as { busy: number };
  if (busy !== 0) throw inUse();
}

/** `scrubSqlite` on a connection and a thread of its own: what it takes, nobody else of the process waits for. */
export async function scrubFile(path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const thread = new Worker(new URL("./sqlite-scrub-thread.ts", import.meta.url), { workerData: path });
  thread.once("message", resolve).once("error", reject);
  thread.once("exit", () => reject(inUse()));
  if (!(await promise)) throw inUse();
}

const inUse = (): AppError =>
  new AppError("unavailable", "The database is in use. It is cleaned at the next try.", { retryAfterSeconds: 5 });
