import multipart from "@fastify/multipart";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Blobs } from "#shared/blobs.ts";
import type { Database } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { MAX_DOCUMENT_BYTES } from "#shared/formats.ts";
import type { Authenticate } from "#shared/identity.ts";
import type { SearchIndex } from "#shared/index.ts";
import type { Log } from "#shared/log.ts";
import type { Principal } from "#shared/principal.ts";
import type { StaleReads } from "#shared/replica-reads.ts";
import type { Server } from "#shared/server.ts";
import type { GenerationIndex } from "../reindex/reindex-row.ts";
import { syncFolder } from "../sources/folder.ts";
import { openFolderSource } from "../sources/sources.ts";
import type { SyncReport } from "../sources/sync-report.ts";
import { realRoot } from "../sources/walk-folder.ts";
import type { RouteDeps, Routes } from "./ingest-deps.ts";
import { HOW } from "./read-upload.ts";
import { mountDocuments } from "./routes/documents.ts";
import { mountErasures } from "./routes/erasures.ts";
import { mountGenerations } from "./routes/generations.ts";
import { mountJobs } from "./routes/jobs.ts";
import { mountReconciliations } from "./routes/reconciliations.ts";
import { mountSources } from "./routes/sources.ts";
import { mountUploads } from "./routes/uploads.ts";

const LIMITS = {
  fileSize: MAX_DOCUMENT_BYTES,
  files: 20,
  fields: 20,
  fieldSize: 64 * 1024,
  parts: 40,
  headerPairs: 100,
};

export type IngestDeps = {
  readonly db: Database;
  readonly blobs: Blobs;
  /** Only to make a changed ACL effective at once; chunks are written by workers. */
  readonly index: Pick<SearchIndex, "refile">;
  readonly authenticate: Authenticate;
  readonly log: Log;
  readonly reach: RouteDeps["reach"];
  /** The whole index, where its generations are looked after here. */
  readonly generations?: GenerationIndex;
  readonly replica?: StaleReads;
  readonly wake?: () => void;
  readonly now?: () => number;
  readonly newId?: () => string;
};

/** Rejects with a sentence when the folder could not be taken in. */
export async function checkFolder(location: string): Promise<void> {
  await realRoot(location);
}

/** Takes in what changed in a folder of this machine, as a source of the tenant. The operator's way; callers use the routes. */
export async function takeInFolder(
  deps: Pick<IngestDeps, "db" | "blobs" | "index"> & { readonly wake: () => void },
  owner: Pick<Principal, "tenant" | "subject">,
  location: string,
): Promise<SyncReport> {
  const store = { ...deps, now: Date.now, newId: () => crypto.randomUUID() };
  const source = await openFolderSource(store, { ...owner, location, collection: "default", acl: ["tenant"] });
  return syncFolder(store, source, { onBatch: deps.wake });
}

/** Adds the ingestion routes to a server, in a scope of their own: no other route accepts multipart bodies. */
export function mountIngest(server: Server, deps: IngestDeps): void {
  const { db, blobs, index, authenticate, log, reach, wake = () => {} } = deps;
  const { now = Date.now, newId = () => crypto.randomUUID() } = deps;
  const routeDeps = {
    store: { db, blobs, index, now, newId },
    replica: deps.replica ?? db,
    authenticate,
    log,
    reach,
    wake,
  };
  // Registered, not added directly: only then do the routes see the OpenAPI plugin and enter /openapi.json.
  server.register(async (scope) => {
    scope.register(multipart, { limits: LIMITS });
    scope.addContentTypeParser("*", (_request, _payload, done) => done(new AppError("unsupported_media_type", HOW)));
    const routes: Routes = scope.withTypeProvider<ZodTypeProvider>();
    mountUploads(routes, routeDeps);
    mountDocuments(routes, routeDeps);
    mountJobs(routes, routeDeps);
    mountSources(routes, routeDeps);
    mountErasures(routes, routeDeps);
    if (deps.generations) {
      mountGenerations(routes, routeDeps, deps.generations);
      mountReconciliations(routes, routeDeps, deps.generations);
    }
  });
}

export { watchQueue } from "../watch-queue.ts";
