import { DatabaseSync } from "node:sqlite";

/** `alone` keeps every other process out, `shared` those that want to be alone. */
export type Hold = "alone" | "shared";

/** Holds a data folder for this process. The operating system lets go of it however the process ends. */
export function lockFolder(path: string, hold: Hold): { release(): void } {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    // A transaction that has read keeps SQLite's shared lock for as long as it is open.
    db.exec(hold === "alone" ? "begin exclusive" : "begin; select count(*) from sqlite_schema");
  } catch (error) {
    db.close();
    throw new Error(
      "Another Cairn process is using this data folder. Stop it first, or set CAIRN_DATA to another folder. Nothing was changed.",
      { cause: error },
    );
  }
  return { release: () => db.close() };
}
