import { basename, dirname, extname } from "node:path";
import type { Database } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { FORMATS, MAX_DOCUMENT_BYTES, mediaTypeOf } from "#shared/formats.ts";
import type { Found, List } from "../listing.ts";
import { labelOf, type Source } from "../sources.ts";
import { LEFT_OUT, realRoot } from "../walk-folder.ts";
import { linkToFile } from "./link-to-file.ts";
import { type ReadBlob, readBlobs } from "./read-blobs.ts";
import { runGit } from "./run-git.ts";

const LFS_POINTER = "version https://git-lfs.github.com/spec/v1";

type Entry = { readonly mode: string; readonly id: string; readonly bytes: number; readonly path: string };

/**
 * The supported files of the commit that a working tree has checked out: what git tracks below the folder, in the
 * state that was committed. Changes that are not committed have no name that an answer could be traced to.
 */
export const listGit = (db: Database, source: Source): List =>
  async function* (signal): AsyncGenerator<Found> {
    const root = await realRoot(source.location);
    const git = async (...args: string[]): Promise<string> => (await runGit(root, args, signal)).toString();
    const prefix = (await git("rev-parse", "--show-prefix")).trimEnd();
    await git("rev-parse", "--show-toplevel");
    const commit = (await git("rev-parse", "--verify", "--quiet", "HEAD^{commit}").catch(noCommit)).trim();
    const label = await labelOf(db, source);
    const link = await linkOf(git, commit);
    const entries = parseTree(await git("ls-tree", "-r", "-z", "-l", commit));
    const leftOut = new Set(entries.filter(({ path }) => basename(path) === LEFT_OUT).map(({ path }) => dirname(path)));
    const read = readBlobs(root);
    yield { type: "revision-read", revision: commit };
    for (const entry of entries) {
      const { path, id, bytes } = entry;
      if (!isWanted(entry, leftOut)) continue;
      const uri = `git:${label}/${path}`;
      const skip = (reason: string): Found => ({ type: "item-skipped", path, uri, reason });
      if (bytes > MAX_DOCUMENT_BYTES) yield skip("The file is larger than 50 MB.");
      else if (bytes === 0) yield skip("The file is empty.");
      else {
        const item = {
          uri,
          path,
          fingerprint: `git:${id}`,
          bytes,
          fileName: basename(path),
          mediaType: mediaTypeOf(extname(path).toLowerCase()),
          origin: { revision: commit, link: link?.(prefix + path) },
          read: (reading?: AbortSignal) => contentOf(read, id, reading),
        };
        yield { type: "item-found", item };
      }
    }
  };

/** Lines of `git ls-tree -r -z -l`: mode, type, object, size, a tab and the path. */
function parseTree(listing: string): Entry[] {
  return listing.split("\0").flatMap((line) => {
    const [, mode, id, size, path] = /^(\d+) blob ([0-9a-f]+) +(\d+)\t([\s\S]+)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ mode: mode!, id: id!, bytes: Number(size), path }];
  });
}

/** The same rules as in a folder: no dot files, no `node_modules`, nothing beside or below a `.cairnignore`. */
function isWanted({ mode, path }: Entry, leftOut: ReadonlySet<string>): boolean {
  if (mode === "120000" || !FORMATS.has(extname(path).toLowerCase())) return false;
  const parts = path.split("/");
  if (parts.some((part) => part.startsWith(".") || part === "node_modules")) return false;
  return !parts.some((_, i) => i > 0 && leftOut.has(parts.slice(0, i).join("/")));
}

async function contentOf(read: ReadBlob, id: string, signal?: AbortSignal): Promise<Uint8Array> {
  const bytes = await read(id, signal);
  if (Buffer.from(bytes.subarray(0, LFS_POINTER.length)).toString() === LFS_POINTER)
    throw new AppError("invalid_request", "The file is kept in Git LFS: the repository only holds a pointer to it.");
  return bytes;
}

/** Only for a commit that some remote branch has: others nobody could open. */
async function linkOf(git: (...args: string[]) => Promise<string>, commit: string) {
  const published = await git("for-each-ref", "--count=1", `--contains=${commit}`, "refs/remotes");
  if (published.trim() === "") return undefined;
  const remote = await git("config", "--default", "", "--get", "remote.origin.url");
  return linkToFile(remote.trim(), commit);
}

function noCommit(cause: unknown): never {
  throw new AppError("invalid_request", "The repository has no commit yet. Commit something first.", { cause });
}
