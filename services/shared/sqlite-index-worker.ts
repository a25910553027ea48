import { parentPort, workerData } from "node:worker_threads";
import { openStore, type Store } from "./sqlite-index-store.ts";

export type Operation = Exclude<keyof Store, "close" | "tidy">;
export type Request = {
  readonly operation: Operation | "close";
  readonly args: readonly unknown[];
};
export type Reply = { readonly result?: unknown; readonly error?: string };

const store = openStore(workerData as string);
const operations = store as unknown as Record<string, (...args: readonly unknown[]) => unknown>;

parentPort!.on("message", ({ operation, args }: Request) => {
  let reply: Reply;
  try {
    reply = { result: operations[operation]!(...args) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  parentPort!.postMessage(reply);
  if (operation === "close") parentPort!.close();
  else setImmediate(store.tidy);
});
