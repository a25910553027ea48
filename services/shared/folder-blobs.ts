import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Blobs } from "./blobs.ts";
import { AppError } from "./errors.ts";

/** Blobs as files. Written beside their place, synced and renamed, so a crash leaves the whole blob or none. */
export function folderBlobs(root: string): Blobs {
  const pathOf = (key: string): string => {
    if (!/^[\w.:-]+(\/[\w.:-]+)*$/.test(key) || key.split("/").some((part) => /^\.+$/.test(part))) {
      throw new Error(`Not a blob key: ${key}`);
    }
    return join(root, key);
  };
  return {
    async put(key, bytes) {
      const path = pathOf(key);
      const draft = `${path}.${crypto.randomUUID()}.part`;
      await mkdir(dirname(path), { recursive: true });
      const file = await open(draft, "w");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    },
    async get(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        throw new AppError("not_found", "The stored content is gone.", { cause: error });
      }
    },
    remove: (prefix) => rm(pathOf(prefix), { recursive: true, force: true }),
  };
}
