import { once } from "node:events";
import { AppError } from "#shared/errors.ts";
import { explained, GIT_TIMEOUT_MS, startGit } from "./run-git.ts";

/** Between two batches of a sync; longer and it would only hold files open. */
const IDLE_MS = 1_000;

type Asked = { resolve(bytes: Uint8Array): void; reject(error: unknown): void };
export type ReadBlob = (id: string, signal?: AbortSignal) => Promise<Uint8Array>;

/**
 * Reads blobs of a repository by their ids. One git process answers them one after the other, for as long as somebody
 * asks: with one for each, starting them took most of a sync. Rejects with an `AppError`, or as `signal` says.
 */
export function readBlobs(root: string, startProcess = startGit): ReadBlob {
  let running: ReturnType<typeof start> | undefined;

  function start() {
    const child = startProcess(root, ["cat-file", "--batch"]);
    const waiting: Asked[] = [];
    let said = "";
    let idle: NodeJS.Timeout | undefined;
    let late: NodeJS.Timeout | undefined;
    const fail = (error: unknown): void => {
      if (running === self) running = undefined;
      clearTimeout(late);
      child.kill("SIGKILL");
      for (const { reject } of waiting.splice(0)) reject(error);
    };
    const watch = (): void => {
      clearTimeout(late);
      late = setTimeout(() => fail(explained(new Error("git does not answer"), said)), GIT_TIMEOUT_MS);
    };
    const self = {
      fail,
      ask(id: string, asked: Asked): void {
        clearTimeout(idle);
        if (waiting.length === 0) watch();
        waiting.push(asked);
        child.stdin.write(`${id}\n`);
      },
    };
    async function serve(): Promise<void> {
      for await (const { bytes } of blobsOf(child.stdout, watch)) {
        const asked = waiting.shift()!;
        if (bytes) asked.resolve(bytes);
        else asked.reject(new AppError("unavailable", "Git has lost a file of this commit. Try `git fsck` in it."));
        if (waiting.length > 0) continue;
        clearTimeout(late);
        // Whoever reads many asks again at once.
        idle = setTimeout(() => {
          if (running === self) running = undefined;
          child.stdin.end();
        }, IDLE_MS).unref();
      }
    }
    child.stderr.on("data", (piece: Buffer) => {
      if (said.length < 10_000) said += piece;
    });
    // It may end before it has read what is written to it; that it ended is told below.
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => fail(explained(error, said)));
    // What it said is there only when all of its streams are closed.
    Promise.all([serve(), once(child, "close")]).then(
      () => fail(explained(new Error("git ended"), said)),
      (error: Error) => fail(explained(error, said)),
    );
    return self;
  }

  return async (id, signal) => {
    signal?.throwIfAborted();
    running ??= start();
    const process = running;
    const stop = (): void => process.fail(signal!.reason);
    signal?.addEventListener("abort", stop);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    process.ask(id, { resolve, reject });
    return promise.finally(() => signal?.removeEventListener("abort", stop));
  };
}

/** What `git cat-file --batch` prints: `ID blob SIZE`, the bytes and a line break; or `ID missing`. */
async function* blobsOf(
  stream: AsyncIterable<Buffer>,
  heard: () => void,
): AsyncGenerator<{ readonly bytes: Uint8Array | undefined }> {
  let pieces: Buffer[] = [];
  let held = 0;
  let size: number | undefined;
  for await (const piece of stream) {
    heard();
    pieces.push(piece);
    held += piece.length;
    for (;;) {
      if (size === undefined) {
        const all = Buffer.concat(pieces);
        const end = all.indexOf(10);
        if (end < 0) break;
        const [, bytes] = /^[0-9a-f]+ blob (\d+)$/.exec(all.subarray(0, end).toString()) ?? [];
        pieces = [all.subarray(end + 1)];
        held = all.length - end - 1;
        if (bytes === undefined) yield { bytes: undefined };
        else size = Number(bytes);
      } else if (held > size) {
        const all = Buffer.concat(pieces);
        // A copy: what is handed on must not hold the bytes of its neighbours.
        yield { bytes: new Uint8Array(all.subarray(0, size)) };
        pieces = [all.subarray(size + 1)];
        held -= size + 1;
        size = undefined;
      } else break;
    }
  }
}
