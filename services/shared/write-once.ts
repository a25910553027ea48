import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fsyncFolder } from "./fsync-folder.ts";

/**
 * Writes a secret where there is none, and resolves to what is there then. Written beside its place and linked into it:
 * exactly one of several first starts wins, and a crash leaves no half.
 */
export async function writeOnce(path: string, content: string): Promise<string> {
  await withDraft(path, content, (draft) =>
    link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    }),
  );
  return readFile(path, "utf8");
}

/** Replaces a secret: whoever reads it sees the old or the new one, whole. */
export const replaceSecret = (path: string, content: string): Promise<void> =>
  withDraft(path, content, (draft) => rename(draft, path));

/** `undefined` when there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}

async function withDraft(path: string, content: string, place: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}.part`;
  try {
    await writeFile(draft, content, { flag: "wx", mode: 0o600, flush: true });
    await place(draft);
    await fsyncFolder(dirname(path));
  } finally {
    await rm(draft, { force: true });
  }
}
