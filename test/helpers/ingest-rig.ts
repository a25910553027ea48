import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Chunk } from "#shared/chunk.ts";
import { AppError } from "#shared/errors.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import type { Authenticate } from "#shared/identity.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import type { Filing, SearchIndex } from "#shared/index.ts";
import { silentLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import type { Principal, Scope } from "#shared/principal.ts";
import { createQueue } from "#shared/queue.ts";
import type { S3Access } from "#shared/s3-client.ts";
import { createServer } from "#shared/server.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { mountIngest } from "../../ingest/api/app.ts";
import {
  type Progress,
  type SourceSyncs,
  startSourceSyncs,
  startWorker,
  type Worker,
} from "../../ingest/worker/app.ts";
import { paragraphParse } from "./paragraph-parse.ts";
import { openTestDatabase } from "./test-database.ts";

export type Filed = { filing: Filing; chunks: readonly Chunk[] };

/** An index as a map from version to what is filed for it. */
export function mapIndex() {
  const held = new Map<string, Filed>();
  const index: Pick<SearchIndex, "writeAll" | "refile" | "remove" | "versions" | "scrub"> = {
    scrub: async () => {},
    writeAll: async (batch) => {
      for (const { filing, versionId, chunks } of batch) held.set(versionId, { filing, chunks });
    },
    refile: async (versionId, filing) => {
      const filed = held.get(versionId);
      if (filed) held.set(versionId, { ...filed, filing });
    },
    remove: async (ids) => {
      for (const id of ids) held.delete(id);
    },
    versions: async () => [...held.keys()],
  };
  return { held, index };
}

export const person = (
  subject: string,
  scopes: readonly Scope[],
  tenant = "local",
  groups: readonly string[] = [],
): Principal => ({
  tenant,
  subject,
  scopes,
  groups,
});

/** A whole ingestion side in a temporary folder: real database, blobs, API and worker. */
export async function openRig(open: Partial<SourceSyncs["reach"]> & { readonly s3?: S3Access } = {}) {
  const reach: SourceSyncs["reach"] = {
    folders: [],
    prefixes: [],
    origins: [],
    blobs: undefined,
    isOperator: true,
    ...open,
  };
  const folder = mkdtempSync(join(tmpdir(), "cairn-ingest-"));
  const db = await openTestDatabase(folder);
  await migrate(db);
  const { held, index } = mapIndex();
  const blobs = folderBlobs(join(folder, "blobs"));
  const metrics = createMetrics();
  const people = new Map<string, Principal>();
  const authenticate: Authenticate = async (headers) => {
    const name = headers["x-person"];
    if (name === undefined) return LOCAL_ADMIN;
    const principal = people.get(String(name));
    if (!principal) throw new AppError("unauthenticated", "Nobody is called that.");
    return principal;
  };
  const store = { db, blobs, index, now: Date.now, newId: () => crypto.randomUUID() };
  const server = createServer({ service: "ingest-api", version: "0", log: silentLog, metrics });
  mountIngest(server, {
    db,
    blobs,
    index,
    authenticate,
    log: silentLog,
    reach,
  });
  const workers: Worker[] = [];
  const runners: { stop(): Promise<void> }[] = [];
  const start = () => {
    const progress: Progress[] = [];
    const onProgress = (one: Progress): void => void progress.push(one);
    const worker = startWorker({ db, blobs, index, parse: paragraphParse, log: silentLog, metrics, onProgress });
    workers.push(worker);
    return { worker, progress };
  };
  return {
    folder,
    db,
    blobs,
    index,
    held,
    store,
    server,
    people,
    queue: createQueue(db),
    startWorker: start,
    /** Runs what was asked for through the API, as a worker process does, until the test ends. */
    startSyncs(): void {
      runners.push(startSourceSyncs({ store, reach, s3: open.s3, wake: () => {}, log: silentLog }));
    },
    /** Works until nothing is left. */
    async work(): Promise<void> {
      const { worker } = start();
      await worker.idle();
      await worker.stop();
    },
    async close(): Promise<void> {
      await Promise.all([...workers, ...runners].map((one) => one.stop()));
      await server.close();
      await db.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export type Rig = Awaited<ReturnType<typeof openRig>>;
