import { openEmbeddedState } from "#shared/embedded-state.ts";
import { httpUrl, int, oneOf, optional, readEnv, str } from "#shared/env.ts";
import { authenticateBy } from "#shared/identity.ts";
import { jsonLog } from "#shared/log.ts";
import { mountProbes } from "#shared/probes.ts";
import { loadRelease } from "#shared/release.ts";
import { runMain } from "#shared/run-main.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { VERSION } from "#shared/version.ts";
import { mountRetrieval } from "./app.ts";

async function main(): Promise<void> {
  const env = readEnv(
    {
      CAIRN_DATA: str(".cairn"),
      CAIRN_HOST: str("127.0.0.1"),
      CAIRN_PORT: int(1, 65535, 8080),
      CAIRN_METRICS_PORT: int(1, 65535, 9090),
      CAIRN_AUTH: oneOf(["open", "keys"], "open"),
      CAIRN_GATEWAY_URL: httpUrl,
      CAIRN_GATEWAY_KEY: optional,
    },
    process.env,
  );
  const gatewayUrl = env.CAIRN_GATEWAY_URL ?? "http://127.0.0.1:8081";
  const log = jsonLog("retrieval-api");
  const metrics = createMetrics();
  const release = await loadRelease(new URL("../../releases/default", import.meta.url).pathname);
  const state = await openEmbeddedState(env.CAIRN_DATA);
  const { db, index, pepper, withKeys } = state;
  const authenticate = authenticateBy(env.CAIRN_AUTH, env.CAIRN_HOST, withKeys);

  const server = createServer({ service: "retrieval-api", version: VERSION, log, metrics });
  await mountRetrieval(server, {
    db,
    index,
    authenticate,
    pepper,
    release,
    gatewayUrl,
    gatewayKey: env.CAIRN_GATEWAY_KEY,
    metrics,
    log,
  });

  let draining = false;
  const probes = createServer({ service: "retrieval-api-operations", version: VERSION, log, metrics });
  const checks = {
    database: async () => void (await db.get("select 1 as one")),
    index: async () => void (await index.generations()),
  };
  mountProbes(probes, { checks, draining: () => draining }, metrics);
  await listen(probes, env.CAIRN_HOST, env.CAIRN_METRICS_PORT, "CAIRN_METRICS_PORT");
  const address = await listen(server, env.CAIRN_HOST, env.CAIRN_PORT, "CAIRN_PORT");
  log.info("ready", { address, release: release.digest });

  onShutdown(log, () => {
    draining = true;
  }, [
    { name: "server", run: () => server.close() },
    { name: "state", run: () => state.close() },
    { name: "operations", run: () => probes.close() },
  ]);
}

runMain(main);
