import { Worker } from "node:worker_threads";
import { AppError } from "./errors.ts";
import type { Generation, Hit, Legs, SearchIndex } from "./index.ts";
import { type Log, silentLog } from "./log.ts";
import { openStore } from "./sqlite-index-store.ts";
import type { Operation, Reply, Request, Workplace } from "./sqlite-index-worker.ts";

/** Between two looks at what others have written, when nobody searches. */
const PREPARE_MS = 50;
/** What a search waits at most while the index is read into memory, unless it needs it itself. */
const WARM_MS = 20;
/** More would wait for seconds, and be asked again by those who gave up. */
const MAX_WAITING_SEARCHES = 256;

/**
 * The embedded engine behind `SearchIndex`: a worker thread writes and tokenises, another searches, so that neither
 * waits for the other and the main thread for neither. Throws with a sentence when the file cannot be used.
 */
export function openSqliteIndex(path: string, log: Log = silentLog): SearchIndex {
  openStore(path).close();
  const writer = startThread({ path, givesWay: true }, log);
  const reader = startThread({ path, givesWay: false }, log, MAX_WAITING_SEARCHES);
  // Apart, so that both legs are searched at once and the vectors are in memory once. It starts when it is first asked.
  const dense = startThread({ path, givesWay: false }, log, MAX_WAITING_SEARCHES);
  const write = async <T = void>(operation: Operation, args: readonly unknown[]): Promise<T> => {
    const result = await writer.call<T>(operation, args);
    // Whoever searches next need not take over much.
    reader.prepare("followTerms");
    dense.prepare("followVectors");
    return result;
  };
  let closing = false;
  return {
    async warm() {
      while (!closing && (await reader.call<boolean>("warmTerms", [WARM_MS])));
      if (closing || !(await reader.call<Generation[]>("generations", [])).some(isLiveAndDense)) return;
      while (!closing && (await dense.call<boolean>("warmVectors", [])));
    },
    write: (filing, versionId, chunks) => write("writeAll", [[{ filing, versionId, chunks }]]),
    writeAll: (batch, only) => write("writeAll", [batch, only]),
    refile: (versionId, filing) => write("refile", [versionId, filing]),
    remove: (versionIds) => write("remove", [versionIds]),
    search: ((question, { tenant, acl, collections }, limit, signal) =>
      reader.call<Legs>(
        "search",
        [question, { tenant, acl, collections }, limit],
        signal,
      )) satisfies SearchIndex["search"],
    searchIn: ((generation, question, { tenant, acl, collections }, limit, signal) =>
      reader.call<Legs | undefined>(
        "searchIn",
        [generation, question, { tenant, acl, collections }, limit],
        signal,
      )) satisfies SearchIndex["searchIn"],
    nearest: (generation, vector, { tenant, acl, collections }, limit, signal) =>
      dense.call<Hit[] | undefined>("nearest", [generation, vector, { tenant, acl, collections }, limit], signal),
    withoutVectors: (generation, limit) => writer.call("withoutVectors", [generation, limit]),
    async writeVectors(generation, embedder, vectors) {
      const fits = await write<boolean>("writeVectors", [generation, embedder, vectors]);
      if (!fits) throw new AppError("conflict", `The generation ${generation} has no vectors of ${embedder}.`);
    },
    versions: (generation) => reader.call<string[]>("versions", [generation]),
    generations: () => reader.call<Generation[]>("generations", []),
    createGeneration: (id, manifest) => writer.call("createGeneration", [id, manifest]),
    promoteGeneration: (id) => writer.call("promoteGeneration", [id]),
    dropGeneration: (id) => write("dropGeneration", [id]),
    scrub: () => writer.call("scrub", []),
    close: async () => {
      closing = true;
      await Promise.all([writer.close(), reader.close(), dense.close()]);
    },
  };
}

const isLiveAndDense = ({ status, manifest }: Generation): boolean =>
  status === "live" && manifest.embedder !== undefined;

type Call = {
  readonly operation: Request["operation"];
  readonly args: readonly unknown[];
  resolve(value: unknown): void;
  reject(error: Error): void;
};

/**
 * A worker that does one call after the other, in order, and is started again after it died. Calls wait on this side,
 * where they can be dropped: what a thread has been sent it does, even when nobody waits any more.
 */
function startThread(workplace: Workplace, log: Log, maxWaiting = Number.POSITIVE_INFINITY) {
  const waiting = new Set<Call>();
  let running: Call | undefined;
  let worker: Worker | undefined;
  let closed = false;
  let preparedAt = 0;

  const start = (): Worker => {
    const started = new Worker(new URL("./sqlite-index-worker.ts", import.meta.url), { workerData: workplace });
    started.on("message", ({ result, error }: Reply) => {
      if (error === undefined) running?.resolve(result);
      else running?.reject(new Error(`Search index: ${error}`));
      next();
    });
    started.on("error", (error) => log.error("search index stopped", error)); // "exit" follows and is what counts
    started.on("exit", () => {
      worker = undefined;
      running?.reject(new AppError("unavailable", "The search index stopped. Try again."));
      next();
    });
    return started;
  };

  function next(): void {
    [running] = waiting;
    if (!running) return void worker?.unref();
    waiting.delete(running);
    worker ??= start();
    worker.ref();
    const { operation, args } = running;
    worker.postMessage({ operation, args } satisfies Request);
  }

  function send<T>(operation: Request["operation"], args: readonly unknown[], signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(stopped());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call: Call = { operation, args, resolve, reject };
    waiting.add(call);
    const abort = (): void => {
      waiting.delete(call);
      reject(stopped());
    };
    signal?.addEventListener("abort", abort, { once: true });
    if (!running) next();
    return promise.finally(() => signal?.removeEventListener("abort", abort)) as Promise<T>;
  }

  return {
    async call<T = void>(operation: Operation, args: readonly unknown[], signal?: AbortSignal): Promise<T> {
      if (closed) throw new Error("The search index is closed.");
      if (waiting.size >= maxWaiting) throw busy();
      return send<T>(operation, args, signal);
    },
    /** For a thread that is there and has nothing to do, now and then. What goes wrong is seen by the next call. */
    prepare(operation: Operation): void {
      const now = performance.now();
      if (!worker || running || closed || now - preparedAt < PREPARE_MS) return;
      preparedAt = now;
      send(operation, []).catch(() => undefined);
    },
    /** After everything that waits. Nothing may be asked any more. */
    async close(): Promise<void> {
      if (closed) return;
      closed = true;
      if (worker) await send("close", []);
    },
  };
}

const stopped = (): AppError =>
  new AppError("unavailable", "The search was stopped before it had a result. Ask again.");
const busy = (): AppError =>
  new AppError("unavailable", "Too many searches are waiting. Try again shortly.", { retryAfterSeconds: 1 });
