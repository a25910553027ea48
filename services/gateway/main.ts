import { httpUrl, int, optional, readEnv, str } from "#shared/env.ts";
import { jsonLog } from "#shared/log.ts";
import { mountProbes } from "#shared/probes.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { mountGateway } from "./app.ts";
import { defaultRoutes } from "./routing/default-routes.ts";

const VERSION = "0.1.0";

const settings = readEnv(
  {
    CAIRN_HOST: str("127.0.0.1"),
    CAIRN_GATEWAY_PORT: int(1, 65535, 8081),
    CAIRN_METRICS_PORT: int(1, 65535, 9090),
    OPENAI_BASE_URL: httpUrl,
    OPENAI_API_KEY: optional,
    CAIRN_CHAT_MODEL: optional,
  },
  process.env,
);

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
server.register(async () => mountGateway(server, { routes, metrics, log, now: Date.now }));
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
