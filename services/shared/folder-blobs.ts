import { mkdir, opendir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { type Blobs, checkBlobKey } from "./blobs.ts";
import { AppError } from "./errors.ts";
import { fsyncFolder } from "./fsync-folder.ts";

const DRAFT = /\.[0-9a-f-]{36}\.part$/;

/**
 * Blobs as files. Written beside their place, synced and renamed, so a crash leaves the whole blob or none; the names
 * are synced too, so a power cut does not take back what was acknowledged.
 */
export function folderBlobs(path: string): Blobs {
  const root = resolve(path);
  const pathOf = (key: string): string => {
    checkBlobKey(key);
    return join(root, key);
  };
  return {
    async put(key, bytes) {
      const path = pathOf(key);
      const draft = `${path}.${crypto.randomUUID()}.part`;
      const folder = dirname(path);
      const firstMade = await mkdir(folder, { recursive: true });
      await writeFile(draft, bytes, { flush: true });
      await rename(draft, path);
      for (const changed of changedFolders(folder, firstMade)) await fsyncFolder(changed);
    },
    async get(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        throw new AppError("not_found", "The stored content is gone.", { cause: error });
      }
    },
    remove: (key) => rm(pathOf(key), { recursive: true, force: true }),
    async *keys() {
      const entries = await opendir(root, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      for await (const entry of entries) {
        if (entry.isFile() && !DRAFT.test(entry.name)) yield relative(root, join(entry.parentPath, entry.name));
      }
    },
  };
}

/** The folder that got a new name in it, and those above it that got a new folder; all paths are absolute. */
function changedFolders(folder: string, firstMade: string | undefined): string[] {
  const changed = [folder];
  if (firstMade === undefined) return changed;
  for (let at = folder; at.startsWith(firstMade); at = dirname(at)) changed.push(dirname(at));
  return changed;
}
