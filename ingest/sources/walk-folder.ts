import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { AppError } from "#shared/errors.ts";
import { concurrently } from "../concurrently.ts";

const MAX_FILE_BYTES = 50 * 1024 * 1024;
const STATS_AT_ONCE = 32;

export const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".md": "text/markdown",
  ".mdx": "text/markdown",
  ".markdown": "text/markdown",
  ".html": "text/html",
  ".htm": "text/html",
  ".txt": "text/plain",
  ".csv": "text/csv",
  ".tsv": "text/tab-separated-values",
  ".pdf": "application/pdf",
  ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
};

export type FoundFile = { /** Slashes, relative to the root. */ readonly path: string; readonly fingerprint: string };
export type Skipped = { readonly path: string; readonly reason: string };
export type Walk = {
  readonly files: readonly FoundFile[];
  readonly skipped: readonly Skipped[] /** Paths that exist and whose content stays unknown: no reason to delete documents. */;
  readonly unread: readonly string[];
};

/**
 * Supported files below `root`, sorted by path. Iterative, so depth cannot exhaust the stack. Dot files,
 * `node_modules` and links that leave the root are passed over. Rejects with a sentence when the root itself
 * cannot be read.
 */
export async function walkFolder(root: string): Promise<Walk> {
  const top = await realpath(root).catch((cause) => {
    throw unreadable(root, cause);
  });
  const candidates: string[] = [];
  const skipped: Skipped[] = [];
  const unread: string[] = [];
  const visited = new Set<string>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const place = await inside(top, join(top, folder));
    if (place === undefined || visited.has(place)) continue;
    visited.add(place);
    const entries = await readdir(place, { withFileTypes: true }).catch((cause) => {
      if (folder === "") throw unreadable(root, cause);
      unread.push(folder);
      skipped.push({ path: folder, reason: "The folder could not be read." });
      return [];
    });
    for (const entry of entries) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && isSupported(path)) candidates.push(path);
      else if (entry.isSymbolicLink()) await follow(top, path, folders, candidates);
    }
  }
  const tooLarge = (path: string): void => {
    unread.push(path);
    skipped.push({ path, reason: "The file is larger than 50 MB." });
  };
  const files = await concurrently(candidates.sort(), STATS_AT_ONCE, async (path) => {
    const info = await stat(join(top, path)).catch(() => undefined);
    if (info && info.size > MAX_FILE_BYTES) tooLarge(path);
    else if (info?.size === 0) skipped.push({ path, reason: "The file is empty." });
    else if (info) return { path, fingerprint: `${info.mtimeMs}:${info.size}` };
    return undefined;
  });
  return { files: files.filter((file) => file !== undefined), skipped, unread };
}

const isSupported = (path: string): boolean => extname(path).toLowerCase() in MEDIA_TYPES;

async function follow(top: string, path: string, folders: string[], candidates: string[]): Promise<void> {
  const target = await inside(top, join(top, path));
  if (target === undefined) return;
  const info = await stat(target).catch(() => undefined);
  if (info?.isDirectory()) folders.push(path);
  else if (info?.isFile() && isSupported(path)) candidates.push(path);
}

async function inside(top: string, path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined);
  const prefix = top.endsWith(sep) ? top : top + sep;
  return real === top || real?.startsWith(prefix) ? real : undefined;
}

function unreadable(root: string, cause: NodeJS.ErrnoException): AppError {
  const why =
    cause.code === "ENOENT"
      ? "does not exist"
      : cause.code === "ENOTDIR"
        ? "is not a folder"
        : "cannot be read by this process";
  return new AppError("invalid_request", `The folder ${root} ${why}. Nothing was changed.`, {
    param: "location",
    cause,
  });
}
