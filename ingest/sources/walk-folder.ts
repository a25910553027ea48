import { constants } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { concurrently } from "#shared/concurrently.ts";
import { AppError } from "#shared/errors.ts";
import { FORMATS, MAX_DOCUMENT_BYTES } from "#shared/formats.ts";
import type { Skipped } from "./listing.ts";

const STATS_AT_ONCE = 32;
/** A file of this name leaves its folder out, with all below. */
export const LEFT_OUT = ".cairnignore";

export type FoundFile = {
  /** Slashes, relative to the root. */
  readonly path: string;
  readonly fingerprint: string;
  readonly bytes: number;
};
export type Walk = {
  readonly files: readonly FoundFile[];
  /** They may exist and were not read: no reason to delete their documents. */
  readonly skipped: readonly Skipped[];
};

/**
 * Supported files below `root`, sorted by path. Iterative, so depth cannot exhaust the stack. Dot files,
 * `node_modules`, folders with a file `.cairnignore` and links that leave the root are passed over. Rejects with a sentence when the root itself
 * cannot be read.
 */
export async function walkFolder(root: string): Promise<Walk> {
  const top = await realRoot(root);
  const candidates: string[] = [];
  const skipped: Skipped[] = [];
  const pass = (path: string, reason: string): undefined => void skipped.push({ path, reason });
  const visited = new Set<string>();
  const folders = [""];
  // After all real folders, so that a link never gives a folder's documents another name than its own.
  const linked: string[] = [];
  const next = (): string | undefined => folders.pop() ?? linked.pop();
  for (let folder = next(); folder !== undefined; folder = next()) {
    const unreadFolder = (): undefined => pass(folder, "The folder could not be read.");
    const place = await unlessGone(inside(top, join(top, folder)), unreadFolder);
    if (place === undefined || visited.has(place)) continue;
    visited.add(place);
    const entries = await unlessGone(readdir(place, { withFileTypes: true }), (cause) => {
      if (folder === "") throw unreadable(root, cause);
      return unreadFolder();
    });
    if (folder !== "" && entries?.some(({ name }) => name === LEFT_OUT)) continue;
    for (const entry of entries ?? []) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && isSupported(path)) candidates.push(path);
      else if (entry.isSymbolicLink()) {
        const kind = await unlessGone(follow(top, path), () => pass(path, "The link could not be followed."));
        if (kind === "folder") linked.push(path);
        else if (kind === "file") candidates.push(path);
      }
    }
  }
  const files = await concurrently(candidates.sort(), STATS_AT_ONCE, async (path) => {
    const info = await unlessGone(stat(join(top, path)), () => pass(path, "The file could not be read."));
    if (info && info.size > MAX_DOCUMENT_BYTES) pass(path, "The file is larger than 50 MB.");
    else if (info?.size === 0) skipped.push({ path, reason: "The file is empty." });
    else if (info) return { path, fingerprint: `${info.mtimeMs}:${info.size}`, bytes: info.size };
    return undefined;
  });
  return { files: files.filter((file) => file !== undefined), skipped };
}

const isSupported = (path: string): boolean => FORMATS.has(extname(path).toLowerCase());

/** Where a folder really is. Rejects with a sentence when it cannot be read. */
export async function realRoot(root: string): Promise<string> {
  try {
    const top = await realpath(root);
    // Needs the right to enter; without it every file below would look unreadable, one by one.
    await stat(`${top}/.`);
    return top;
  } catch (cause) {
    throw unreadable(root, cause as NodeJS.ErrnoException);
  }
}

/** Neither follows a link nor waits for somebody to write into a pipe. */
const PLAINLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A file that was found below `top`, a real path, looked at again: since it was listed somebody may have put a link, a
 * pipe or something huge in its place.
 */
export async function readFound(top: string, path: string): Promise<Uint8Array> {
  const refuse = (why: string, cause?: unknown): AppError => new AppError("invalid_request", why, { cause });
  try {
    const real = await inside(top, join(top, path));
    if (real === undefined) throw refuse("It leads out of the folder.");
    await using file = await open(real, PLAINLY);
    const info = await file.stat();
    if (!info.isFile()) throw refuse("It is no file any more.");
    if (info.size > MAX_DOCUMENT_BYTES) throw refuse("The file is larger than 50 MB.");
    return await file.readFile();
  } catch (error) {
    throw error instanceof AppError ? error : refuse("The file could not be read.", error);
  }
}

/** What a link leads to, if it is inside the root and of use. */
async function follow(top: string, path: string): Promise<"folder" | "file" | undefined> {
  const target = await inside(top, join(top, path));
  if (target === undefined) return undefined;
  const info = await stat(target);
  if (info.isDirectory()) return "folder";
  return info.isFile() && isSupported(path) ? "file" : undefined;
}

async function inside(top: string, path: string): Promise<string | undefined> {
  const real = await realpath(path);
  const prefix = top.endsWith(sep) ? top : top + sep;
  return real === top || real.startsWith(prefix) ? real : undefined;
}

/** Only "there is no such file" says that something is gone; a refusal or a failing disk says nothing about it. */
async function unlessGone<T>(
  look: Promise<T>,
  otherwise: (cause: NodeJS.ErrnoException) => undefined,
): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    return cause.code === "ENOENT" ? undefined : otherwise(cause);
  }
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
