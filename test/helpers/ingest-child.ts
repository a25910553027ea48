import { appendFileSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { jsonLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import { createQueue } from "#shared/queue.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { startWorker } from "../../ingest/worker/app.ts";
import { openIndex } from "./ingest-index.ts";
import { paragraphParse } from "./paragraph-parse.ts";

/** Uploads to a few uris without end while a worker ingests, and writes down what was acknowledged. Made to be killed. */
const URIS = 12;
const [folder, round] = process.argv.slice(2);

const db = openSqliteDatabase(join(folder!, "cairn.db"));
await migrate(db);
const index = await openIndex(folder!);
await createQueue(db).releaseAll();
const blobs = folderBlobs(join(folder!, "blobs"));
const store = { db, blobs, index, now: Date.now, newId: () => crypto.randomUUID() };
startWorker({ db, blobs, index, parse: paragraphParse, log: jsonLog("child"), metrics: createMetrics() });
// It never ends by itself, when Node would do so.
flushCompileCache();
process.stdout.write("working\n");
for (let i = 0; ; i++) {
  const uri = `upload:///${i % URIS}.md`;
  const text = `Round ${round} upload ${i}\n\n${"Some words. ".repeat(20)}\n\nThe end of ${uri}.`;
  const { documentId, versionId } = await acceptDocument(store, {
    tenant: "local",
    subject: "admin",
    collection: "default",
    uri,
    fileName: `${i % URIS}.md`,
    mediaType: "text/markdown",
    bytes: new TextEncoder().encode(text),
    priority: 1,
  });
  appendFileSync(join(folder!, "acknowledged"), `${JSON.stringify({ documentId, versionId, uri, text })}\n`);
}
