import type { DatabaseSync } from "node:sqlite";
import { AppError } from "./errors.ts";

/**
 * Writes the whole file anew and empties the write-ahead log: rows that were deleted, and earlier forms of those that
 * were changed, are gone from both. Throws `unavailable` when another connection holds the log for too long.
 */
export function scrubSqlite(db: DatabaseSync): void {
  db.exec("vacuum");
  const { busy } = db.prepare("pragma wal_checkpoint(truncate)").get() as { busy: number };
  if (busy !== 0) throw new AppError("unavailable", "The database is being read. It is cleaned at the next try.");
}
