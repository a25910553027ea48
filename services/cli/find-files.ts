import { readdir, realpath, stat } from "node:fs/promises";
import { basename, extname, join, resolve, sep } from "node:path";
import { FORMATS, MAX_DOCUMENT_BYTES } from "#shared/formats.ts";

/** `uri` stays the same wherever the command runs, so that the second run replaces what the first one brought. */
export type FoundFile = { readonly path: string; readonly uri: string };
export type NotTaken = { readonly path: string; readonly reason: string };
export type Found = {
  readonly files: readonly FoundFile[];
  /** Named on the command line and impossible to upload. */
  readonly refused: readonly NotTaken[];
  /** Met in a folder and passed over. */
  readonly skipped: readonly NotTaken[];
};

/**
 * The files to upload. A file that is named is taken whatever its extension, and the server says what it thinks of
 * it; in folders only supported ones are. Rejects with a sentence for a path that does not exist, and for two files
 * that would be the same document.
 */
export async function findFiles(paths: readonly string[]): Promise<Found> {
  const files = new Map<string, FoundFile>();
  const [refused, skipped]: [NotTaken[], NotTaken[]] = [[], []];
  const roots = await Promise.all(paths.map(async (path) => ({ path, info: await lookAt(path) })));
  const add = (file: FoundFile): void => {
    const other = files.get(file.uri);
    if (other && resolve(other.path) !== resolve(file.path)) {
      const clash = `${other.path} and ${file.path} would be the same document, ${file.uri}.`;
      throw new Error(`${clash} Ingest the folder above both, or one after the other into different collections.`);
    }
    files.set(file.uri, file);
  };
  for (const { path, info } of roots) {
    const name = basename(resolve(path)).normalize("NFC");
    if (!info.isDirectory()) {
      const reason = info.isFile() ? reasonAgainst(info.size) : "This is neither a file nor a folder.";
      if (reason) refused.push({ path, reason });
      else add({ path, uri: uriOf([name]) });
      continue;
    }
    for await (const inner of walk(path)) {
      const at = join(path, inner);
      const size = FORMATS.has(extname(inner).toLowerCase()) ? (await stat(at).catch(() => undefined))?.size : -1;
      const reason = size === undefined ? "The file could not be read." : reasonAgainst(size);
      if (reason) skipped.push({ path: at, reason });
      else add({ path: at, uri: uriOf([name, ...inner.normalize("NFC").split(sep)]) });
    }
  }
  return { files: [...files.values()], refused, skipped };
}

export const NOT_SUPPORTED = "The format is not supported.";

function reasonAgainst(size: number): string | undefined {
  if (size < 0) return NOT_SUPPORTED;
  if (size === 0) return "The file is empty.";
  return size > MAX_DOCUMENT_BYTES ? "The file is larger than 50 MB. Split it." : undefined;
}

// A file's own name gives the same address as an upload by curl does.
const uriOf = (names: readonly string[]): string => `upload:///${names.filter(Boolean).join("/")}`;

async function lookAt(path: string) {
  return stat(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "does not exist" : `cannot be read (${cause.code})`;
    throw new Error(`${path} ${why}. Nothing was uploaded.`, { cause });
  });
}

/** Paths of files below `root`, sorted in each folder, without dot files and `node_modules`; links may not leave it. */
async function* walk(root: string): AsyncGenerator<string, void> {
  const top = await realpath(root);
  const visited = new Set<string>();
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const place = await realpath(join(root, folder));
    if (visited.has(place) || !`${place}${sep}`.startsWith(top.endsWith(sep) ? top : top + sep)) continue;
    visited.add(place);
    const entries = await readdir(place, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
      throw new Error(`${join(root, folder)} cannot be read (${cause.code}). Nothing was uploaded.`, { cause });
    });
    const inner: string[] = [];
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = join(folder, entry.name);
      const target = entry.isSymbolicLink() ? await inside(top, join(place, entry.name)) : entry;
      if (target?.isDirectory()) inner.unshift(path);
      else if (target?.isFile()) yield path;
    }
    folders.push(...inner);
  }
}

async function inside(top: string, link: string) {
  const target = await realpath(link).catch(() => undefined);
  if (!target?.startsWith(top.endsWith(sep) ? top : top + sep)) return undefined;
  return stat(target).catch(() => undefined);
}
