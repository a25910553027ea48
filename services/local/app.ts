import { resolve } from "node:path";
import type { DiskUsed } from "#shared/disk-used.ts";
import { EMBED_ALIAS, gatewayEmbed } from "#shared/gateway-embed.ts";
import { type Authenticate, LOCAL_ADMIN } from "#shared/identity.ts";
import type { Part } from "#shared/lineage/answer-statement.ts";
import type { KeyRing } from "#shared/lineage/key-ring.ts";
import type { Log } from "#shared/log.ts";
import type { State } from "#shared/open-state.ts";
import { databaseCheck, mountProbes } from "#shared/probes.ts";
import { createQueue } from "#shared/queue.ts";
import type { Release } from "#shared/release.ts";
import type { S3Access } from "#shared/s3-client.ts";
import { createServer, listen, type Server } from "#shared/server.ts";
import type { Metrics } from "#shared/telemetry.ts";
import { VERSION } from "#shared/version.ts";
import { warmIndex } from "#shared/warm-index.ts";
import { mountIngest, takeInFolder, watchQueue } from "../../ingest/api/app.ts";
import {
  type Progress,
  type SourceSyncs,
  startSourceSyncs,
  startWorker,
  type Worker,
} from "../../ingest/worker/app.ts";
import { createGateway, type DefaultRouteSettings, defaultRoutes } from "../gateway/app.ts";
import { mountRetrieval } from "../retrieval-api/app.ts";

export type LocalSettings = {
  readonly host: string;
  readonly port: number;
  readonly gatewayPort: number;
  readonly open: boolean;
  /** What sources may reach beside the public web and, in open mode, this machine's folders. */
  readonly reach?: Omit<SourceSyncs["reach"], "isOperator">;
  /** For sources in S3. */
  readonly s3?: S3Access | undefined;
  readonly models: DefaultRouteSettings;
};

export type LocalDeps = {
  readonly state: State;
  readonly authenticate: Authenticate;
  readonly release: Release;
  readonly ring: KeyRing;
  readonly parts: readonly Part[];
  readonly metrics: Metrics;
  readonly log: Log;
  readonly onProgress: (progress: Progress) => void;
  readonly diskUsed?: () => Promise<DiskUsed>;
};

export type Local = {
  readonly address: string;
  readonly worker: Worker;
  /** Takes in what changed below the paths. Rejects with a sentence for a path that cannot be read. */
  takeIn(
    paths: readonly string[],
  ): Promise<{ added: number; changed: number; removed: number; unchanged: number; skipped: number; held: number }>;
  drain(): void;
  /** Ends what is still open; each answer keeps its record. */
  cut(): void;
  stop(): Promise<void>;
};

/** All four processes in one, speaking HTTP to each other: the same code, one machine. */
export async function startLocal(settings: LocalSettings, deps: LocalDeps): Promise<Local> {
  const { state, authenticate, release, ring, parts, metrics, log } = deps;
  const { db, index, blobs, pepper } = state;
  let draining = false;

  const models = createGateway({
    table: defaultRoutes(settings.models),
    serviceKey: undefined,
    authenticate: undefined,
    open: true,
    quota: undefined,
    codeDigest: parts.find(({ name }) => name === "code")?.digest.sha256,
    metrics,
    log,
    accessLog: undefined,
    telemetry: undefined,
    now: Date.now,
  });
  const gateway = createServer({ service: "gateway", version: VERSION, log, metrics, door: models.door });
  gateway.register(async () => models.mount(gateway));
  // The gateway has no credentials of its own here, so it never leaves this machine.
  const gatewayUrl = await listen(gateway, "127.0.0.1", settings.gatewayPort, "CAIRN_GATEWAY_PORT");

  let wake = (): void => {};
  const nowhere = { folders: [], prefixes: [], origins: [], blobs: undefined };
  const reach = { ...(settings.reach ?? nowhere), isOperator: settings.open };
  const ingest = {
    db,
    blobs,
    index,
    generations: index,
    authenticate,
    log,
    reach,
    wake: () => wake(),
  };

  const server = createServer({ service: "local", version: VERSION, log, metrics });
  const made = { release, ring, parts, gatewayUrl };
  await mountRetrieval(server, { db, index, authenticate, pepper, ...made, diskUsed: deps.diskUsed, metrics, log });
  mountIngest(server, ingest);
  watchQueue(db, metrics.registry);
  mountOperations(server, { db, draining: () => draining, metrics });
  const address = await listen(server, settings.host, settings.port, "CAIRN_PORT");

  void warmIndex(index, { metrics, log });

  // Only now: a start that fails over its port must not have begun with jobs.
  // What an earlier process was killed over is free again: the folder's lock says that nobody else works on it.
  if (state.alone) await createQueue(db).releaseAll();
  const embedding =
    settings.models.embeddings === undefined
      ? undefined
      : { embed: gatewayEmbed({ gatewayUrl, model: EMBED_ALIAS }), byItself: true };
  const worker = startWorker({
    db,
    blobs,
    index,
    generations: index,
    seal: ring.seal,
    embedding,
    log,
    metrics,
    onProgress: deps.onProgress,
  });
  wake = worker.wake;
  const store = { db, blobs, index, now: Date.now, newId: () => crypto.randomUUID() };
  const syncs = startSourceSyncs({ store, reach, s3: settings.s3, wake, log });

  return {
    address,
    worker,
    async takeIn(paths) {
      const total = { added: 0, changed: 0, removed: 0, unchanged: 0, skipped: 0, held: 0 };
      for (const path of paths) {
        const report = await takeInFolder(ingest, LOCAL_ADMIN, resolve(path));
        for (const { path: skipped, reason } of report.skipped) log.warn("skipped", { path: skipped, reason });
        total.added += report.added;
        total.changed += report.changed;
        total.removed += report.removed;
        total.unchanged += report.unchanged;
        total.skipped += report.skipped.length;
        total.held += report.held ?? 0;
      }
      return total;
    },
    drain: () => {
      draining = true;
    },
    cut: () => server.server.closeAllConnections(),
    async stop() {
      // Together: open streams and the batch in hand may each need most of the time that a process has to end.
      await Promise.all([server.close(), worker.stop(), syncs.stop()]);
      await gateway.close();
      await models.close();
    },
  };
}

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** Probes for everybody, metrics for this machine only. */
export function mountOperations(
  server: Server,
  { db, draining, metrics }: Pick<State, "db"> & { draining: () => boolean; metrics: Metrics },
): void {
  server.addHook("onRequest", async (request, reply) => {
    // By the route, not by the URL, which can be spelt in many ways.
    if (request.routeOptions.url === "/metrics" && !LOOPBACK.test(request.ip)) return reply.callNotFound();
  });
  server.register(async () => mountProbes(server, { checks: { database: databaseCheck(db) }, draining }, metrics));
}
