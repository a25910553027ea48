import { join } from "node:path";
import { headerKey, httpUrl, int, oneOf, optional, readEnv, str } from "#shared/env.ts";
import { authenticateBy } from "#shared/identity.ts";
import { leave, leaveSeconds } from "#shared/leave.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { measureProcess } from "#shared/lineage/measure.ts";
import { jsonLog } from "#shared/log.ts";
import { openState } from "#shared/open-state.ts";
import { databaseCheck } from "#shared/probes.ts";
import { loadRelease } from "#shared/release.ts";
import { runMain } from "#shared/run-main.ts";
import { serveOperations } from "#shared/serve-operations.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { STATE_SETTINGS } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { VERSION } from "#shared/version.ts";
import { warmIndex } from "#shared/warm-index.ts";
import { mountRetrieval } from "./app.ts";

async function main(): Promise<void> {
  const env = readEnv(
    {
      ...STATE_SETTINGS,
      CAIRN_HOST: str("127.0.0.1"),
      CAIRN_PORT: int(1, 65535, 8080),
      CAIRN_METRICS_PORT: int(1, 65535, 9090),
      CAIRN_LEAVE_SECONDS: leaveSeconds,
      CAIRN_RELEASE: optional,
      CAIRN_AUTH: oneOf(["open", "keys"], "open"),
      CAIRN_GATEWAY_URL: httpUrl,
      CAIRN_GATEWAY_KEY: headerKey,
      CAIRN_SIGNING_KEYS: optional,
      CAIRN_CODE_DIGEST: optional,
      CAIRN_CODE_SOURCE: optional,
    },
    process.env,
  );
  const gatewayUrl = env.CAIRN_GATEWAY_URL ?? "http://127.0.0.1:8081";
  const log = jsonLog("retrieval-api");
  const metrics = createMetrics();
  const root = join(import.meta.dirname, "../..");
  const measured = measureProcess(root, { codeDigest: env.CAIRN_CODE_DIGEST, codeSource: env.CAIRN_CODE_SOURCE });
  const release = await loadRelease(env.CAIRN_RELEASE ?? join(root, "releases/default"));
  const state = await openState(env, log);
  const { db, replica, index, pepper, withKeys } = state;
  const authenticate = authenticateBy(env.CAIRN_AUTH, env.CAIRN_HOST, withKeys);

  const server = createServer({ service: "retrieval-api", version: VERSION, log, metrics });
  await mountRetrieval(server, {
    db,
    replica,
    index,
    authenticate,
    pepper,
    release,
    ring: await openKeyRing(env.CAIRN_SIGNING_KEYS ?? join(env.CAIRN_DATA, "signing-keys.json")),
    parts: await measured,
    gatewayUrl,
    gatewayKey: env.CAIRN_GATEWAY_KEY,
    metrics,
    log,
  });

  const operations = await serveOperations({
    service: "retrieval-api",
    host: env.CAIRN_HOST,
    port: env.CAIRN_METRICS_PORT,
    checks: {
      database: databaseCheck(db),
      index: async () => void (await index.generations()),
    },
    log,
    metrics,
  });
  const address = await listen(server, env.CAIRN_HOST, env.CAIRN_PORT, "CAIRN_PORT");
  log.info("ready", { address, release: release.digest });
  void warmIndex(index, { metrics, log });

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
