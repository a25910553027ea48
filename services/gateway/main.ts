import { join } from "node:path";
import { parseArgs } from "node:util";
import { baseUrl, embeddings, headerKey, httpUrl, int, oneOf, optional, readEnv, str } from "#shared/env.ts";
import { isLoopback } from "#shared/identity.ts";
import { leave, leaveSeconds } from "#shared/leave.ts";
import { measureCode } from "#shared/lineage/measure.ts";
import { jsonLog } from "#shared/log.ts";
import { openStateDatabase } from "#shared/open-state.ts";
import { runMain } from "#shared/run-main.ts";
import { serveOperations } from "#shared/serve-operations.ts";
import { createServer, listen } from "#shared/server.ts";
import { onShutdown } from "#shared/shutdown.ts";
import { STATE_SETTINGS } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { VERSION } from "#shared/version.ts";
import { createAccessLog } from "./access-log.ts";
import { createGateway, databaseQuota, defaultRoutes, NO_ROUTES, openTelemetry } from "./app.ts";
import { followRouteFile } from "./route-file/follow-route-file.ts";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { routes: { type: "string" } } });
  const env = readEnv(
    {
      CAIRN_HOST: str("127.0.0.1"),
      CAIRN_GATEWAY_PORT: int(1, 65535, 8081),
      CAIRN_GATEWAY_KEY: headerKey,
      CAIRN_GATEWAY_ROUTES: optional,
      CAIRN_METRICS_PORT: int(1, 65535, 9090),
      CAIRN_LEAVE_SECONDS: leaveSeconds,
      CAIRN_AUTH: oneOf(["open", "keys"], "open"),
      ...STATE_SETTINGS,
      OPENAI_BASE_URL: baseUrl,
      OPENAI_API_KEY: headerKey,
      CAIRN_CHAT_MODEL: optional,
      CAIRN_EMBEDDINGS: embeddings,
      CAIRN_EMBED_MODEL: optional,
      OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
    },
    process.env,
  );
  const withKeys = env.CAIRN_AUTH === "keys";
  const open = !withKeys && !env.CAIRN_GATEWAY_KEY;
  if (open && !isLoopback(env.CAIRN_HOST)) {
    throw new Error(
      `Without a key the gateway is served on loopback only, not on ${env.CAIRN_HOST}. ` +
        `Set CAIRN_GATEWAY_KEY here and for the retrieval API, or CAIRN_AUTH=keys.`,
    );
  }

  const log = jsonLog("gateway");
  const metrics = createMetrics();
  const routeFile = values.routes ?? env.CAIRN_GATEWAY_ROUTES;
  const models = {
    openaiBaseUrl: env.OPENAI_BASE_URL,
    openaiApiKey: env.OPENAI_API_KEY,
    chatModel: env.CAIRN_CHAT_MODEL,
    embeddings: env.CAIRN_EMBEDDINGS,
    embedModel: env.CAIRN_EMBED_MODEL,
  };
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  const state = withKeys ? await openStateDatabase(env, log) : undefined;
  const gateway = createGateway({
    table: routeFile === undefined ? defaultRoutes(models) : NO_ROUTES,
    serviceKey: env.CAIRN_GATEWAY_KEY,
    authenticate: state?.withKeys,
    open,
    quota: state && databaseQuota(state.db),
    codeDigest: await measureCode(join(import.meta.dirname, "../..")),
    metrics,
    log,
    accessLog: createAccessLog((lines) => process.stdout.write(lines), Date.now),
    telemetry:
      endpoint === undefined
        ? undefined
        : await openTelemetry({ endpoint, service: "cairn-gateway", version: VERSION, now: Date.now }),
    now: Date.now,
  });
  const watched = routeFile === undefined ? undefined : followRouteFile(routeFile, process.env, gateway, log);

  const server = createServer({ service: "gateway", version: VERSION, log, metrics, door: gateway.door });
  server.register(async () => gateway.mount(server));
  // The routes are no readiness check: a pod whose model servers are away still answers by extraction.
  const operations = await serveOperations({
    service: "gateway",
    host: env.CAIRN_HOST,
    port: env.CAIRN_METRICS_PORT,
    checks: {},
    log,
    metrics,
  });
  const address = await listen(server, env.CAIRN_HOST, env.CAIRN_GATEWAY_PORT, "CAIRN_GATEWAY_PORT");
  log.info("ready", { address });

  const closeGateway = async (): Promise<void> => {
    watched?.close();
    await gateway.close();
    await state?.db.close();
  };
  onShutdown(
    log,
    operations.drain,
    [
      leave(server.server, env.CAIRN_LEAVE_SECONDS),
      { name: "queue", run: async () => gateway.drain() },
      { name: "server", run: async () => server.close() },
      { name: "gateway", run: closeGateway },
      operations.stop,
    ],
    () => server.server.closeAllConnections(),
  );
}

runMain(main);
