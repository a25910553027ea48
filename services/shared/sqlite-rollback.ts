import type { DatabaseSync } from "node:sqlite";

/** After a failure, whose reason it never hides: a full disk ends the transaction by itself, and a broken one refuses this too. */
export function rollBack(db: DatabaseSync): void {
  try {
    if (db.isTransaction) db.exec("rollback");
  } catch {
    // The next `begin` fails with what is wrong.
  }
}
