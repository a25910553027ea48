import { parentPort, workerData } from "node:worker_threads";
import { giveWay } from "./give-way.ts";
import { openStore, type Store } from "./sqlite-index-store.ts";

export type Operation = Exclude<keyof Store, "close" | "tidy">;
export type Request = {
  readonly operation: Operation | "close";
  readonly args: readonly unknown[];
};
/** `givesWay`: to the other threads, where cores are few. */
export type Workplace = { readonly path: string; readonly givesWay: boolean };
export type Reply = { readonly result?: unknown; readonly error?: string };

const { path, givesWay } = workerData as Workplace;
if (givesWay) giveWay();
const store = openStore(path);
const operations = store as unknown as Record<string, (...args: readonly unknown[]) => unknown>;

/** Between two steps whoever asks is answered, and other threads have their turn where cores are few. */
const PAUSE_MS = 1;
let tidying: NodeJS.Timeout | undefined;
const tidy = (): void => {
  tidying = store.tidy() ? setTimeout(tidy, PAUSE_MS) : undefined;
};

parentPort!.on("message", ({ operation, args }: Request) => {
  let reply: Reply;
  try {
    reply = { result: operations[operation]!(...args) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  parentPort!.postMessage(reply);
  if (operation !== "close") {
    tidying ??= setTimeout(tidy, PAUSE_MS);
    return;
  }
  clearTimeout(tidying);
  parentPort!.close();
});
