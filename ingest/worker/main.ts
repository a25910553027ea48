import { join } from "node:path";
import { DELIVERY_SETTINGS, deliveryTargets } from "#shared/delivery-targets.ts";
import { httpUrl, int, oneOf, optional, readEnv, str } from "#shared/env.ts";
import { EMBED_ALIAS, gatewayEmbed } from "#shared/gateway-embed.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { jsonLog } from "#shared/log.ts";
import { openState } from "#shared/open-state.ts";
import { startDeliveries } from "#shared/outbox.ts";
import { databaseCheck } from "#shared/probes.ts";
import { runMain } from "#shared/run-main.ts";
import { serveOperations } from "#shared/serve-operations.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { SOURCE_SETTINGS } from "#shared/source-settings.ts";
import { STATE_SETTINGS, s3AccessOf } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { startSourceSyncs, startWorker } from "./app.ts";

async function main(): Promise<void> {
  const env = readEnv(
    {
      ...STATE_SETTINGS,
      ...SOURCE_SETTINGS,
      CAIRN_AUTH: oneOf(["open", "keys"], "open"),
      CAIRN_HOST: str("127.0.0.1"),
      CAIRN_METRICS_PORT: int(1, 65535, 9090),
      CAIRN_SIGNING_KEYS: optional,
      CAIRN_GATEWAY_URL: httpUrl,
      CAIRN_GATEWAY_KEY: optional,
      ...DELIVERY_SETTINGS,
    },
    process.env,
  );
  const log = jsonLog("ingest-worker");
  const metrics = createMetrics();
  const state = await openState(env, log);
  const { db, blobs, index } = state;
  // Keys of this process alone would be in no published set: receipts are signed with the API's or not at all.
  const keys = env.CAIRN_SIGNING_KEYS ?? (env.DATABASE_URL ? undefined : join(env.CAIRN_DATA, "signing-keys.json"));
  const ring = keys === undefined ? undefined : await openKeyRing(keys);
  const { CAIRN_GATEWAY_URL: gatewayUrl, CAIRN_GATEWAY_KEY: gatewayKey } = env;
  const embed = gatewayUrl === undefined ? undefined : gatewayEmbed({ gatewayUrl, gatewayKey, model: EMBED_ALIAS });
  const embedding = embed && { embed, byItself: false };
  const seal = ring && { seal: ring.seal };
  const worker = startWorker({ db, blobs, index, generations: index, embedding, log, metrics, ...seal });

  const store = { db, blobs, index, now: Date.now, newId: () => crypto.randomUUID() };
  const reach = { ...env.CAIRN_SOURCES, blobs: env.CAIRN_BLOBS, isOperator: env.CAIRN_AUTH === "open" };
  const syncs = startSourceSyncs({ store, reach, s3: s3AccessOf(env), wake: worker.wake, log });

  const deliveries = startDeliveries(db, deliveryTargets(env), log);

  const operations = await serveOperations({
    service: "ingest-worker",
    host: env.CAIRN_HOST,
    port: env.CAIRN_METRICS_PORT,
    checks: { database: databaseCheck(db) },
    log,
    metrics,
  });
  log.info("ready", {});

  onShutdown(log, operations.drain, [
    { name: "syncs", run: syncs.stop },
    { name: "worker", run: () => worker.stop() },
    { name: "deliveries", run: deliveries.stop },
    { name: "state", run: state.close },
    operations.stop,
  ]);
}

runMain(main);
