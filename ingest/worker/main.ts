import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { int, readEnv, str } from "#shared/env.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { jsonLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import { mountProbes } from "#shared/probes.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { openParser } from "../parse/parse-process.ts";
import { startWorker } from "./app.ts";

const env = readEnv(
  { CAIRN_DATA: str(".cairn"), CAIRN_HOST: str("127.0.0.1"), CAIRN_METRICS_PORT: int(1, 65535, 9090) },
  process.env,
);

const log = jsonLog("ingest-worker");
const metrics = createMetrics();
await mkdir(env.CAIRN_DATA, { recursive: true });
const db = openSqliteDatabase(join(env.CAIRN_DATA, "cairn.db"));
await migrate(db);
const index = openSqliteIndex(join(env.CAIRN_DATA, "index.db"));
const parser = openParser();
const blobs = folderBlobs(join(env.CAIRN_DATA, "blobs"));
const worker = startWorker({ db, blobs, index, parse: parser.parse, log, metrics });

let draining = false;
const probes = createServer({ service: "ingest-worker", version: "0.1.0", log, metrics });
const database = async (): Promise<void> => void (await db.get("select 1 as one"));
mountProbes(probes, { checks: { database }, draining: () => draining }, metrics);
await listen(probes, env.CAIRN_HOST, env.CAIRN_METRICS_PORT, "CAIRN_METRICS_PORT");

onShutdown(log, () => (draining = true), [
  { name: "worker", run: () => worker.stop() },
  { name: "parser", run: async () => parser.close() },
  { name: "index", run: () => index.close() },
  { name: "database", run: () => db.close() },
  { name: "probes", run: () => probes.close() },
]);
