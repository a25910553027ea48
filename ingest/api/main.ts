import { int, oneOf, readEnv, str } from "#shared/env.ts";
import { authenticateBy } from "#shared/identity.ts";
import { leave, leaveSeconds } from "#shared/leave.ts";
import { jsonLog } from "#shared/log.ts";
import { openState } from "#shared/open-state.ts";
import { databaseCheck } from "#shared/probes.ts";
import { runMain } from "#shared/run-main.ts";
import { serveOperations } from "#shared/serve-operations.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { SOURCE_SETTINGS } from "#shared/source-settings.ts";
import { STATE_SETTINGS } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { VERSION } from "#shared/version.ts";
import { mountIngest, watchQueue } from "./app.ts";

async function main(): Promise<void> {
  const env = readEnv(
    {
      ...STATE_SETTINGS,
      ...SOURCE_SETTINGS,
      CAIRN_HOST: str("127.0.0.1"),
      CAIRN_INGEST_PORT: int(1, 65535, 8082),
      CAIRN_METRICS_PORT: int(1, 65535, 9090),
      CAIRN_LEAVE_SECONDS: leaveSeconds,
      CAIRN_AUTH: oneOf(["open", "keys"], "open"),
    },
    process.env,
  );
  const log = jsonLog("ingest-api");
  const metrics = createMetrics();
  const state = await openState(env, log);
  const { db, replica, blobs, index, withKeys } = state;
  const authenticate = authenticateBy(env.CAIRN_AUTH, env.CAIRN_HOST, withKeys);
  watchQueue(db, metrics.registry);

  const server = createServer({ service: "ingest-api", version: VERSION, log, metrics });
  const reach = { ...env.CAIRN_SOURCES, blobs: env.CAIRN_BLOBS, isOperator: env.CAIRN_AUTH === "open" };
  mountIngest(server, { db, replica, blobs, index, generations: index, authenticate, log, reach });

  const operations = await serveOperations({
    service: "ingest-api",
    host: env.CAIRN_HOST,
    port: env.CAIRN_METRICS_PORT,
    checks: { database: databaseCheck(db) },
    log,
    metrics,
  });
  const address = await listen(server, env.CAIRN_HOST, env.CAIRN_INGEST_PORT, "CAIRN_INGEST_PORT");
  log.info("ready", { address });

  onShutdown(
    log,
    operations.drain,
    [
      leave(server.server, env.CAIRN_LEAVE_SECONDS),
      { name: "server", run: async () => server.close() },
      { name: "state", run: state.close },
      operations.stop,
    ],
    () => server.server.closeAllConnections(),
  );
}

runMain(main);
