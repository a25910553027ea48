import { Worker } from "node:worker_threads";
import { AppError } from "./errors.ts";
import type { Generation, Legs, SearchIndex } from "./index.ts";
import { openStore } from "./sqlite-index-store.ts";
import type { Operation, Reply, Request } from "./sqlite-index-worker.ts";

/**
 * The embedded engine behind `SearchIndex`: a worker thread writes and tokenises, another searches, so that neither
 * waits for the other and the main thread for neither. Throws with a sentence when the file cannot be used.
 */
export function openSqliteIndex(path: string): SearchIndex {
  openStore(path).close();
  const writer = startThread(path);
  const reader = startThread(path);
  return {
    write: (filing, versionId, chunks) => writer.call("writeAll", [[{ filing, versionId, chunks }]]),
    writeAll: (batch) => writer.call("writeAll", [batch]),
    refile: (versionId, filing) => writer.call("refile", [versionId, filing]),
    remove: (versionIds) => writer.call("remove", [versionIds]),
    search: ((question, { tenant, acl, collections }, limit, signal) =>
      reader.call<Legs>(
        "search",
        [question, { tenant, acl, collections }, limit],
        signal,
      )) satisfies SearchIndex["search"],
    versions: () => reader.call<string[]>("versions", []),
    generations: () => reader.call<Generation[]>("generations", []),
    createGeneration: (id, manifest) => writer.call("createGeneration", [id, manifest]),
    promoteGeneration: (id) => writer.call("promoteGeneration", [id]),
    dropGeneration: (id) => writer.call("dropGeneration", [id]),
    close: async () => {
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

/** A worker that is started again after it died; what waited for it is told that a retry may help. */
function startThread(path: string) {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let sequence = 0;

  const start = (): Worker => {
    const started = new Worker(new URL("./sqlite-index-worker.ts", import.meta.url), { workerData: path });
    started.on("message", ({ id, result, error }: Reply) => {
      const waiter = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) waiter?.resolve(result);
      else waiter?.reject(new Error(`Search index: ${error}`));
      if (waiting.size === 0) started.unref();
    });
    started.on("error", () => undefined); // "exit" follows and is what counts
    started.on("exit", () => {
      worker = undefined;
      for (const { reject } of waiting.values())
        reject(new AppError("unavailable", "The search index stopped. Try again."));
      waiting.clear();
    });
    return started;
  };

  const send = <T>(operation: Request["operation"], args: readonly unknown[], signal?: AbortSignal): Promise<T> => {
    if (signal?.aborted) return Promise.reject(stopped());
    worker ??= start();
    worker.ref();
    const id = sequence++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, operation, args } satisfies Request);
    const abort = (): void => reject(stopped());
    signal?.addEventListener("abort", abort, { once: true });
    return promise.finally(() => signal?.removeEventListener("abort", abort)) as Promise<T>;
  };
  return {
    call: <T = void>(operation: Operation, args: readonly unknown[], signal?: AbortSignal) =>
      send<T>(operation, args, signal),
    close: (): Promise<void> => (worker ? send("close", []) : Promise.resolve()),
  };
}

const stopped = (): AppError => new AppError("upstream_timeout", "The search was stopped before it had a result.");
