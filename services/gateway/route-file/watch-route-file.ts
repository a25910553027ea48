import { type FSWatcher, readFileSync, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { sha256 } from "#shared/digest.ts";
import type { Env } from "#shared/env.ts";
import type { RouteTable } from "../routing/route-table.ts";
import { parseRouteFile } from "./parse-route-file.ts";

/** Catches what no event tells of: network file systems, a symlink that is swapped elsewhere, a folder made later. */
const pollMs = 1_000;
/** A content counts when it is still there after this long: an editor that truncates and writes shows half a file. */
const settleMs = 100;

export type WatchRouteFile = {
  readonly env: Env;
  readonly onTable: (table: RouteTable, warnings: readonly string[]) => void;
  readonly onFailure: (message: string) => void;
  /** For tests that must tell the events from the polling. */
  readonly pollMs?: number;
};

/**
 * Reads a route file now and whenever its content has changed. Before it returns, either `onTable` or `onFailure` has
 * been called; later each is called once for every content that differs from the one before, so that after a bad file
 * the last good table simply stays. What `onTable` throws is a failure of that content. Holds no process alive.
 */
export function watchRouteFile(path: string, options: WatchRouteFile): { close(): void } {
  const { env, onTable, onFailure } = options;
  let seen = contentAtOnce(path);
  let closed = false;
  let wake = (): void => {};
  let resting = false;
  let stirred = false;

  const report = (content: Content): void => {
    try {
      if (content.text === undefined) throw new Error(content.problem);
      const { table, warnings } = parseRouteFile(content.text, env);
      onTable(table, warnings);
    } catch (error) {
      onFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const rest = async (): Promise<void> => {
    // What happened during the reading may not have been in it.
    if (stirred) return;
    resting = true;
    await pause(options.pollMs ?? pollMs);
    resting = false;
  };

  // One loop, so that no two readings overtake each other.
  const follow = async (): Promise<void> => {
    let settling: string | undefined;
    while (!closed) {
      stirred = false;
      const content = await contentOf(path);
      if (closed) return;
      if (content.digest === seen.digest) {
        settling = undefined;
        await rest();
      } else if (content.digest !== settling) {
        settling = content.digest;
        await pause(settleMs);
      } else {
        seen = content;
        report(content);
      }
    }
  };

  report(seen);
  const watcher = watchFolder(path, () => {
    stirred = true;
    if (resting) wake();
  });
  void follow();
  return {
    close() {
      closed = true;
      watcher?.close();
      wake();
    },
  };
}

type Content = { readonly digest: string } & (
  | { readonly text: string; readonly problem?: undefined }
  | { readonly text?: undefined; readonly problem: string }
);

/** At the start nothing is served yet that a slow disk could hold up. */
function contentAtOnce(path: string): Content {
  try {
    return decoded(path, readFileSync(path));
  } catch (error) {
    return unreadable(path, error);
  }
}

async function contentOf(path: string): Promise<Content> {
  try {
    return decoded(path, await readFile(path));
  } catch (error) {
    return unreadable(path, error);
  }
}

function decoded(path: string, bytes: Buffer): Content {
  const digest = sha256(bytes);
  try {
    return { digest, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { digest, problem: `The route file ${path} is not UTF-8. Save it as UTF-8 text.` };
  }
}

function unreadable(path: string, error: unknown): Content {
  const why = error instanceof Error ? error.message : String(error);
  return { digest: why, problem: `The route file ${path} cannot be read: ${why}.` };
}

/**
 * The folder and not the file: editors put a new file in its place, and Kubernetes swaps the symlink `..data` beside it.
 * Without a watcher (no such folder, no inotify left) polling goes on alone.
 */
function watchFolder(path: string, onChange: () => void): FSWatcher | undefined {
  const file = basename(path);
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_, name) => {
      // Others may write into the folder all the time.
      if (name === null || name === file || name.startsWith("..")) onChange();
    });
    return watcher.on("error", () => watcher.close());
  } catch {
    return undefined;
  }
}
