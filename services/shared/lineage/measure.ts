import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { glob, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { digestOfJson, sha256 } from "../digest.ts";
import type { Part } from "./answer-statement.ts";

/** What a process runs from, below the folder of the package. Libraries are in it by the lock file. */
const CODE = ["services/**/*.*", "ingest/**/*.*", "package.json", "package-lock.json"];
const PATHS = ["services", "ingest", "package.json", "package-lock.json"];
const FILES_AT_ONCE = 32;
const GIT_MS = 5000;

export type References = {
  /** What the digest of the code must be. */
  readonly codeDigest?: string | undefined;
  /** Where the code comes from: a revision, or the digest of an image. */
  readonly codeSource?: string | undefined;
};

/**
 * Hashes what this process runs with, code and Node itself, and compares the code with its reference: the given digest,
 * or the files of the revision that is checked out. Takes a moment: once, at the start.
 */
export async function measureProcess(root: string, given: References = {}): Promise<readonly Part[]> {
  const [code, checkedOut, runtime] = await Promise.all([
    measureCode(root),
    given.codeDigest === undefined ? checkoutOf(root) : undefined,
    measureFile(process.execPath),
  ]);
  const expected = given.codeDigest?.replace(/^sha256:/, "");
  const matches = expected === undefined ? checkedOut?.clean : expected === code;
  const uri = given.codeSource ?? checkedOut?.revision;
  return [
    {
      name: "code",
      ...(uri !== undefined && { uri }),
      digest: { sha256: code },
      // Without any reference the digest still says which code it was: whoever has that code can compare.
      annotations: {
        assurance: matches === false ? "observed" : "attested",
        ...(matches !== undefined && { matches }),
      },
    },
    {
      name: "runtime",
      uri: `urn:node:${process.version}:${process.platform}-${process.arch}`,
      digest: { sha256: runtime },
      annotations: { assurance: "attested" },
    },
  ];
}

/** The digest of the code of Cairn below this folder. */
export const measureCode = (root: string): Promise<string> => measureFiles(root, CODE);

/** The digest of a manifest: sha256 of the canonical JSON of `{path: sha256}`, over all files that match. */
export async function measureFiles(root: string, patterns: readonly string[]): Promise<string> {
  const paths: string[] = [];
  for await (const path of glob(patterns, { cwd: root })) if ((await stat(join(root, path))).isFile()) paths.push(path);
  const manifest: Record<string, string> = {};
  for (let at = 0; at < paths.length; at += FILES_AT_ONCE) {
    const some = paths.slice(at, at + FILES_AT_ONCE);
    const digests = await Promise.all(some.map((path) => measureSmall(join(root, path))));
    for (const [i, path] of some.entries()) manifest[path.replaceAll("\\", "/")] = digests[i]!;
  }
  return digestOfJson(manifest);
}

const measureSmall = async (path: string): Promise<string> => sha256(await readFile(path));

/** For files that do not belong into memory. */
export async function measureFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest("hex");
}

/** The revision that is checked out, and whether the code is that of it; `undefined` where git cannot tell. */
async function checkoutOf(root: string): Promise<{ readonly revision: string; readonly clean: boolean } | undefined> {
  if (!existsSync(join(root, ".git"))) return undefined;
  const git = (...args: string[]) =>
    promisify(execFile)("git", ["-C", root, "--no-optional-locks", ...args], { timeout: GIT_MS });
  try {
    const [head, changes] = await Promise.all([
      git("rev-parse", "HEAD"),
      git("status", "--porcelain", "--untracked-files=all", "--", ...PATHS),
    ]);
    return { revision: `git:${head.stdout.trim()}`, clean: changes.stdout === "" };
  } catch {
    // No git here, or a folder that it does not trust: there is nothing to compare with.
    return undefined;
  }
}
