import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { int, oneOf, readEnv, str } from "#shared/env.ts";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { keyAuthenticate, openAuthenticate } from "#shared/identity.ts";
import { jsonLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import { loadPepper } from "#shared/pepper.ts";
import { mountProbes } from "#shared/probes.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { mountIngest } from "./app.ts";

const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

const env = readEnv(
  {
    CAIRN_DATA: str(".cairn"),
    CAIRN_HOST: str("127.0.0.1"),
    CAIRN_INGEST_PORT: int(1, 65535, 8082),
    CAIRN_METRICS_PORT: int(1, 65535, 9090),
    CAIRN_AUTH: oneOf(["keys", "open"], "keys"),
  },
  process.env,
);
const open = env.CAIRN_AUTH === "open";
if (open && !LOOPBACK.includes(env.CAIRN_HOST)) {
  throw new Error(
    "CAIRN_AUTH=open lets everybody in and is accepted on loopback only. Set CAIRN_HOST=127.0.0.1 or CAIRN_AUTH=keys.",
  );
}

const log = jsonLog("ingest-api");
const metrics = createMetrics();
await mkdir(env.CAIRN_DATA, { recursive: true });
const db = openSqliteDatabase(join(env.CAIRN_DATA, "cairn.db"));
await migrate(db);
const index = openSqliteIndex(join(env.CAIRN_DATA, "index.db"));
const withKeys = keyAuthenticate(db, await loadPepper(env.CAIRN_DATA));

const server = createServer({ service: "ingest-api", version: "0.1.0", log, metrics });
mountIngest(server, {
  db,
  blobs: folderBlobs(join(env.CAIRN_DATA, "blobs")),
  index,
  authenticate: open ? openAuthenticate(withKeys) : withKeys,
  log,
  allowFolder: () => open,
});

let draining = false;
const probes = createServer({ service: "ingest-api", version: "0.1.0", log, metrics });
const database = async (): Promise<void> => void (await db.get("select 1 as one"));
mountProbes(probes, { checks: { database }, draining: () => draining }, metrics);

await listen(probes, env.CAIRN_HOST, env.CAIRN_METRICS_PORT, "CAIRN_METRICS_PORT");
const address = await listen(server, env.CAIRN_HOST, env.CAIRN_INGEST_PORT, "CAIRN_INGEST_PORT");
log.info("listening", { address });

onShutdown(log, () => (draining = true), [
  { name: "server", run: () => server.close() },
  { name: "index", run: () => index.close() },
  { name: "database", run: () => db.close() },
  { name: "probes", run: () => probes.close() },
]);
