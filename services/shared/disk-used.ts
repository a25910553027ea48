import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

const KEPT_MS = 30_000;

/** In bytes: what a folder holds, and what its file system has left. */
export type DiskUsed = { readonly used: number; readonly free: number };

/** How full a data folder is. Walking many files takes a while, so what was found counts for half a minute. */
export function diskUsedBy(folder: string, now: () => number = Date.now): () => Promise<DiskUsed> {
  let at = Number.NEGATIVE_INFINITY;
  let known: Promise<DiskUsed> | undefined;
  return () => {
    if (known && now() - at < KEPT_MS) return known;
    at = now();
    known = measure(folder);
    return known;
  };
}

async function measure(folder: string): Promise<DiskUsed> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let used = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    // What is gone by now takes no room.
    used += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  const { bavail, bsize } = await statfs(folder);
  return { used, free: bavail * bsize };
}
