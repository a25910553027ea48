import { join } from "node:path";
import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { silentLog } from "#shared/log.ts";
import { openPostgresDatabase } from "#shared/postgres-database.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { paragraphParse } from "./paragraph-parse.ts";
import { testQdrant } from "./test-qdrant.ts";

/**
 * A worker that stops dead before its n-th effect: every commit, every stored or removed blob, every request that
 * changes the index. `SIGKILL` ends it there; `SIGSTOP` lets it go on when it is told to. Exits with 0 when it had
 * fewer effects and all work is done.
 */
const [url, qdrantUrl, prefix, folder, at, signal] = process.argv.slice(2);
let effects = 0;
function effect(): void {
  effects += 1;
  if (effects === Number(at)) process.kill(process.pid, signal as NodeJS.Signals);
}

const db = openPostgresDatabase(url!);
const counted: Database = {
  ...db,
  run: async (...args) => {
    effect();
    return db.run(...args);
  },
  all: async (sql, params) => {
    if (!/^\s*select/i.test(sql)) effect();
    return db.all(sql, params);
  },
  transaction: (work) =>
    db.transaction(async (sql) => {
      const result = await work(sql);
      effect();
      return result;
    }),
};
const files = folderBlobs(join(folder!, "blobs"));
const blobs: Blobs = {
  ...files,
  put: async (...args) => {
    effect();
    return files.put(...args);
  },
  remove: async (...args) => {
    effect();
    return files.remove(...args);
  },
};
const ask = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  if (/wait=true/.test(String(input))) effect();
  return ask(input, init);
};

const index = testQdrant(qdrantUrl!).open(prefix!);
const worker = startWorker({
  db: counted,
  blobs,
  index,
  parse: paragraphParse,
  log: silentLog,
  metrics: createMetrics(),
});
await worker.idle();
await worker.stop();
await db.close();
process.stdout.write(`${effects}\n`);
