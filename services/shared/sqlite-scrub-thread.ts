import { parentPort, workerData } from "node:worker_threads";
import { openSqlite } from "./sqlite-open.ts";
import { scrubSqlite } from "./sqlite-scrub.ts";

/** Scrubs one file and says whether that went well. */
const db = openSqlite(workerData as string);
try {
  scrubSqlite(db);
  parentPort!.postMessage(true);
} catch {
  // Others are in the way, or the disk is full: whoever asked tries again.
  parentPort!.postMessage(false);
} finally {
  db.close();
}
