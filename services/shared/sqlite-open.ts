import { DatabaseSync } from "node:sqlite";

const BUSY_TIMEOUT_MS = 5000;
const SQLITE_BUSY = 5;
const RETRY_MS = 20;

/**
 * Opens a database file for several processes: write-ahead log, durable when a commit returns. Waits for others at
 * most `BUSY_TIMEOUT_MS`, also while the file is made: SQLite's own waiting does not cover the change of journal mode.
 */
export function openSqlite(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const until = performance.now() + BUSY_TIMEOUT_MS; ; Atomics.wait(pause, 0, 0, RETRY_MS)) {
    try {
      db.exec("pragma journal_mode = wal; pragma synchronous = full");
      return db;
    } catch (error) {
      const busy = error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
      if (busy && performance.now() < until) continue;
      db.close();
      throw error;
    }
  }
}
