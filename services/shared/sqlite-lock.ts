import { DatabaseSync } from "node:sqlite";

/** Holds a data folder for this process. The operating system lets go of it however the process ends. */
export function lockFolder(path: string): { release(): void } {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("pragma journal_mode = delete; begin exclusive");
  } catch (error) {
    db.close();
    throw new Error(
      "Another Cairn process is using this data folder. Stop it first, or set CAIRN_DATA to another folder. Nothing was changed.",
      { cause: error },
    );
  }
  return { release: () => db.close() };
}
