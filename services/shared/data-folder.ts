import { access, constants, mkdir } from "node:fs/promises";

const NO_FOLDER = new Set(["EEXIST", "ENOTDIR"]);

/** Makes the folder where it is missing. Rejects with a sentence when this process cannot keep its data there. */
export async function makeDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    const why = NO_FOLDER.has(code) ? "is not a folder" : `cannot be written to by this process (${code})`;
    throw new Error(`The data folder ${folder} ${why}. Set CAIRN_DATA to another folder.`, { cause });
  }
}

/** Runs what opens a database file, with a sentence where SQLite finds the file damaged or may not write it. */
export async function opening<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || cause.code !== "ERR_SQLITE_ERROR") throw cause;
    throw new Error(
      `${path} cannot be used: ${cause.message}. Restore a backup, or set CAIRN_DATA to another folder.`,
      {
        cause,
      },
    );
  }
}
