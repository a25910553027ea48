import { parentPort, workerData } from "node:worker_threads";
import { loadEmbedder } from "./embed-text.ts";

export type Request = { readonly text: string };
export type Reply =
  | { readonly type: "ready" }
  | { readonly type: "vector"; readonly vector: Float32Array; readonly tokens: number }
  | { readonly type: "failed"; readonly reason: string };

const say = (reply: Reply): void => parentPort!.postMessage(reply);
const failed = (error: unknown): void =>
  say({ type: "failed", reason: error instanceof Error ? error.message : String(error) });

const loading = loadEmbedder(workerData as string);
loading.then(() => say({ type: "ready" }), failed);

parentPort!.on("message", ({ text }: Request) => {
  loading
    .then((embed) => embed(text))
    .then(({ vector, tokens }) => say({ type: "vector", vector, tokens }))
    .catch(failed);
});
