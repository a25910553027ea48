import { httpUrl, int, optional, readEnv, str } from "#shared/env.ts";
import { isLoopback } from "#shared/identity.ts";
import { jsonLog } from "#shared/log.ts";
import { mountProbes } from "#shared/probes.ts";
import { runMain } from "#shared/run-main.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { VERSION } from "#shared/version.ts";
import { mountGateway } from "./app.ts";
import { defaultRoutes } from "./routing/default-routes.ts";

async function main(): Promise<void> {
  const settings = readEnv(
    {
      CAIRN_HOST: str("127.0.0.1"),
      CAIRN_GATEWAY_PORT: int(1, 65535, 8081),
      CAIRN_GATEWAY_KEY: optional,
      CAIRN_METRICS_PORT: int(1, 65535, 9090),
      OPENAI_BASE_URL: httpUrl,
      OPENAI_API_KEY: optional,
      CAIRN_CHAT_MODEL: optional,
    },
    process.env,
  );

  if (!settings.CAIRN_GATEWAY_KEY && !isLoopback(settings.CAIRN_HOST)) {
    throw new Error(
      `Without a key the gateway is served on loopback only, not on ${settings.CAIRN_HOST}. Set CAIRN_GATEWAY_KEY here and for the retrieval API.`,
    );
  }

  const log = jsonLog("gateway");
  const metrics = createMetrics();
  const server = createServer({ service: "gateway", version: VERSION, log, metrics });
  const operations = createServer({ service: "gateway-operations", version: VERSION, log, metrics });
  let draining = false;

  const routes = defaultRoutes({
    openaiBaseUrl: settings.OPENAI_BASE_URL,
    openaiApiKey: settings.OPENAI_API_KEY,
    chatModel: settings.CAIRN_CHAT_MODEL,
  });
  // The routes are no readiness check: a pod whose model servers are away still answers by extraction.
  server.register(async () =>
    mountGateway(server, { key: settings.CAIRN_GATEWAY_KEY, routes, metrics, log, now: Date.now }),
  );
  operations.register(async () => mountProbes(operations, { checks: {}, draining: () => draining }, metrics));

  const address = await listen(server, settings.CAIRN_HOST, settings.CAIRN_GATEWAY_PORT, "CAIRN_GATEWAY_PORT");
  await listen(operations, settings.CAIRN_HOST, settings.CAIRN_METRICS_PORT, "CAIRN_METRICS_PORT");
  log.info("ready", { address });

  onShutdown(log, () => {
    draining = true;
  }, [
    { name: "server", run: async () => server.close() },
    // Last: probes and metrics must answer while streams end.
    { name: "operations", run: async () => operations.close() },
  ]);
}

runMain(main);
