import { Worker } from "node:worker_threads";
import { AppError } from "#shared/errors.ts";
import type { Reply, Request } from "./onnx-worker.ts";

export type PoolSettings = { readonly folder: string; readonly threads: number };
export type Vectors = { readonly vectors: readonly Float32Array[]; readonly tokens: number };

type Call = {
  readonly texts: readonly string[];
  readonly vectors: Float32Array[];
  next: number;
  left: number;
  tokens: number;
  resolve(vectors: Vectors): void;
  reject(error: AppError): void;
};
type Thread = { worker: Worker | undefined; call: Call | undefined; at: number };

/**
 * Threads that each hold the model and do one text at a time. The call with the fewest texts left goes first: a
 * question waits for one passage of a batch and not for all of them. Rejects with `unavailable` when a thread has
 * died, which is then started again, and when the model cannot be loaded, with the reason.
 */
export function openOnnxPool({ folder, threads: count }: PoolSettings) {
  const threads = Array.from({ length: count }, (): Thread => ({ worker: undefined, call: undefined, at: 0 }));
  const waiting = new Set<Call>();
  let closed = false;

  const give = (thread: Thread): void => {
    if (closed || thread.call) return;
    let call: Call | undefined;
    for (const one of waiting) if (!call || one.texts.length - one.next < call.texts.length - call.next) call = one;
    if (!call) return void thread.worker?.unref();
    thread.call = call;
    thread.at = call.next++;
    if (call.next === call.texts.length) waiting.delete(call);
    thread.worker ??= start(thread);
    thread.worker.ref();
    thread.worker.postMessage({ text: call.texts[thread.at]! } satisfies Request);
  };
  const abandon = (thread: Thread, reason: string): void => {
    const { call } = thread;
    thread.call = undefined;
    if (!call) return;
    waiting.delete(call);
    call.reject(new AppError("unavailable", reason));
  };
  const start = (thread: Thread): Worker => {
    const worker = new Worker(new URL("./onnx-worker.ts", import.meta.url), { workerData: folder });
    worker.on("message", (reply: Reply) => {
      if (reply.type === "failed") abandon(thread, `The embedding model failed: ${reply.reason}`);
      else if (reply.type === "vector" && thread.call) {
        const { call, at } = thread;
        thread.call = undefined;
        call.vectors[at] = reply.vector;
        call.tokens += reply.tokens;
        call.left -= 1;
        if (call.left === 0) call.resolve({ vectors: call.vectors, tokens: call.tokens });
      }
      give(thread);
    });
    worker.on("error", (error) => abandon(thread, `The embedding model stopped: ${error.message}`));
    worker.on("exit", () => {
      thread.worker = undefined;
      abandon(thread, "The embedding model stopped. Try again.");
      give(thread);
    });
    return worker;
  };

  return {
    /** Vectors of length 1, in the order of the texts. */
    embed(texts: readonly string[], signal: AbortSignal): Promise<Vectors> {
      const { promise, resolve, reject } = Promise.withResolvers<Vectors>();
      const call: Call = {
        texts,
        vectors: new Array(texts.length),
        next: 0,
        left: texts.length,
        tokens: 0,
        resolve,
        reject,
      };
      const leave = (): void => {
        waiting.delete(call);
        reject(new AppError("unavailable", "The caller left before the answer was complete."));
      };
      if (closed || signal.aborted) leave();
      else {
        signal.addEventListener("abort", leave, { once: true });
        waiting.add(call);
        for (const thread of threads) give(thread);
      }
      return promise.finally(() => signal.removeEventListener("abort", leave));
    },
    async close(): Promise<void> {
      closed = true;
      await Promise.all(threads.map(({ worker }) => worker?.terminate()));
      for (const call of waiting) call.reject(new AppError("unavailable", "The gateway is stopping."));
    },
  };
}
