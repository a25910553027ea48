import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { homedir } from "node:os";
import { AppError } from "#shared/errors.ts";
import { MAX_DOCUMENT_BYTES } from "#shared/formats.ts";

export const GIT_TIMEOUT_MS = 120_000;
/** A listing of about a million files. */
const MAX_OUTPUT_BYTES = 4 * MAX_DOCUMENT_BYTES;

/**
 * The environment is ours alone: a `GIT_DIR` from outside would lead elsewhere. No protocol is allowed, so that a
 * partial clone cannot make a read fetch something, with a command from its own configuration.
 */
const environment = () => ({
  PATH: "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
  HOME: homedir(),
  LC_ALL: "C",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_NO_LAZY_FETCH: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
});

/** A repository's own configuration must not make git run anything. */
const SAFELY = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];

/** Runs git in a folder. Resolves to what it prints; rejects with an `AppError` that says what to do. */
export function runGit(folder: string, args: readonly string[], signal?: AbortSignal): Promise<Buffer> {
  const options = {
    cwd: folder,
    env: environment(),
    encoding: "buffer" as const,
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: GIT_TIMEOUT_MS,
    ...(signal && { signal }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  execFile("git", [...SAFELY, ...args], options, (error, out, err) => {
    if (error) reject(explained(error, err.toString()));
    else resolve(out);
  });
  return promise;
}

/** Git as a process that is asked for one thing after the other. */
export const startGit = (folder: string, args: readonly string[]): ChildProcessWithoutNullStreams =>
  spawn("git", [...SAFELY, ...args], { cwd: folder, env: environment() });

/** What git said when it ended, as a sentence. */
export function explained(error: Error & { code?: unknown }, said: string): AppError {
  const details = { cause: error };
  if (error.code === "ENOENT")
    return new AppError("unavailable", "The program git is not installed where syncs run. Install it.", details);
  if (said.includes("dubious ownership")) {
    const hint = "git config --global --add safe.directory FOLDER";
    const sentence = `Git does not open this folder, because it belongs to another user of the machine. If you trust it: ${hint}`;
    return new AppError("invalid_request", sentence, details);
  }
  if (/not a git repository|must be run in a work tree/.test(said))
    return new AppError("invalid_request", "The folder is not in the working tree of a Git repository.", details);
  return new AppError("unavailable", "Git could not read the repository. Try `git fsck` in it.", details);
}
