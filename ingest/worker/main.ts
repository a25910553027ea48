import { openEmbeddedState } from "#shared/embedded-state.ts";
import { int, readEnv, str } from "#shared/env.ts";
import { jsonLog } from "#shared/log.ts";
import { mountProbes } from "#shared/probes.ts";
import { runMain } from "#shared/run-main.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { VERSION } from "#shared/version.ts";
import { startWorker } from "./app.ts";

async function main(): Promise<void> {
  const env = readEnv(
    { CAIRN_DATA: str(".cairn"), CAIRN_HOST: str("127.0.0.1"), CAIRN_METRICS_PORT: int(1, 65535, 9090) },
    process.env,
  );
  const log = jsonLog("ingest-worker");
  const metrics = createMetrics();
  const state = await openEmbeddedState(env.CAIRN_DATA);
  const { db, blobs, index } = state;
  const worker = startWorker({ db, blobs, index, log, metrics });

  let draining = false;
  const probes = createServer({ service: "ingest-worker-operations", version: VERSION, log, metrics });
  const database = async (): Promise<void> => void (await db.get("select 1 as one"));
  mountProbes(probes, { checks: { database }, draining: () => draining }, metrics);
  await listen(probes, env.CAIRN_HOST, env.CAIRN_METRICS_PORT, "CAIRN_METRICS_PORT");
  log.info("ready", {});

  onShutdown(log, () => {
    draining = true;
  }, [
    { name: "worker", run: () => worker.stop() },
    { name: "state", run: () => state.close() },
    { name: "operations", run: () => probes.close() },
  ]);
}

runMain(main);
