import { chatBodySchema } from "#shared/chat-body.ts";
import { AppError } from "#shared/errors.ts";
import { refuseForeignPage } from "#shared/foreign-page.ts";
import type { Authenticate } from "#shared/identity.ts";
import type { Log } from "#shared/log.ts";
import type { Server } from "#shared/server.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { AccessLog } from "./access-log.ts";
import { createDoor, type Door } from "./door.ts";
import { createGatewayMetrics, type GatewayMetrics } from "./gateway-metrics.ts";
import type { GenAiTelemetry, TelemetrySettings } from "./gen-ai-telemetry.ts";
import { createIdentify } from "./limits/callers.ts";
import { createLimiter } from "./limits/limits.ts";
import type { Quota } from "./limits/quota.ts";
import { chatCompletions } from "./routes/chat-completions.ts";
import { completionBodySchema, completions } from "./routes/completions.ts";
import { embeddings, embeddingsBodySchema } from "./routes/embeddings.ts";
import { type AdmitCaller, headerOf } from "./routes/model-request.ts";
import { mountModels } from "./routes/models.ts";
import { rerank, rerankBodySchema } from "./routes/rerank.ts";
import { mountUpstreams } from "./routes/upstreams.ts";
import { createLiveRoutes } from "./routing/live-routes.ts";
import type { RouteTable } from "./routing/route-table.ts";
import { createShadow } from "./routing/shadow.ts";

export type GatewayDeps = {
  readonly table: RouteTable;
  /** What the retrieval API sends as `Authorization: Bearer`; it may speak for any tenant. */
  readonly serviceKey: string | undefined;
  /** API keys of the state database, where the gateway has one. */
  readonly authenticate: Authenticate | undefined;
  /** Without any key, on loopback only. */
  readonly open: boolean;
  /** Limits shared with other replicas; without it each gateway counts for itself. */
  readonly quota: Quota | undefined;
  /** sha256 of the code that the embedded models are, as it was measured at the start. */
  readonly codeDigest?: string | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly accessLog: AccessLog | undefined;
  /** Spans and metrics to a collector, where there is one. */
  readonly telemetry: GenAiTelemetry | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

export type Gateway = {
  readonly metrics: GatewayMetrics;
  readonly door: Door;
  mount(server: Server): void;
  /** The routes and limits of another table. What runs or waits is not disturbed. */
  apply(table: RouteTable): void;
  /** Refuses new work; what runs or waits goes on. */
  drain(): void;
  close(): Promise<void>;
};

/** One OpenAI-compatible door to many model servers. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { table, serviceKey, authenticate, open, quota, log, accessLog, telemetry, now } = deps;
  const clock = performance;
  const metrics = createGatewayMetrics(deps.metrics);
  const routes = createLiveRoutes(withDigests(table, deps.codeDigest), clock, Math.random, {
    onBreaker(upstream, state) {
      metrics.onBreaker(upstream, state);
      log.warn("breaker", { upstream, state });
    },
  });
  metrics.watch(routes);
  const identify = createIdentify({ serviceKey, authenticate, open, clock });
  const limiter = createLimiter(table.limits, { clock, now, quota });
  const shadow = createShadow(metrics.onShadow);
  const admitCaller: AdmitCaller = (headers) => {
    // A page of somebody else must not spend the operator's tokens through a browser on this machine.
    if (open && headers.authorization === undefined) refuseForeignPage(headers);
    return identify(headers.authorization, headerOf(headers["x-cairn-tenant"]));
  };
  const shared = { routes, admitCaller, limiter, metrics, log, accessLog, telemetry, now, shadow };
  return {
    metrics,
    door: createDoor({
      "/v1/chat/completions": chatCompletions(shared),
      "/v1/completions": completions(shared),
      "/v1/embeddings": embeddings(shared),
      "/v1/rerank": rerank(shared),
    }),
    mount(server) {
      server.addHook("onRequest", async ({ headers, url, routeOptions }) => {
        // By the route that was found: an address can be written in percent-encoding, or with a host before it.
        if ((routeOptions.url ?? url).startsWith("/v1/")) await admitCaller(headers);
      });
      mountModels(server, routes, now);
      mountUpstreams(server, routes);
      for (const [url, body] of Object.entries(DESCRIBED)) server.post(url, { schema: { body } }, pastTheDoor);
    },
    apply(next) {
      routes.apply(withDigests(next, deps.codeDigest));
      limiter.setTable(next.limits);
    },
    drain: routes.closeQueues,
    async close() {
      shadow.stop();
      await limiter.close();
      await routes.close();
      accessLog?.flush();
      await telemetry?.close();
    },
  };
}

/** Embedded models are code: their digest is that of the code that runs. */
function withDigests(table: RouteTable, digest: string | undefined): RouteTable {
  const upstreams = [...table.upstreams].map(
    ([name, settings]) => [name, settings.kind === "embedded" ? { ...settings, digest } : settings] as const,
  );
  return { ...table, upstreams: new Map(upstreams) };
}

/** What the door answers, for the description of the API. */
const DESCRIBED = {
  "/v1/chat/completions": chatBodySchema,
  "/v1/completions": completionBodySchema,
  "/v1/embeddings": embeddingsBodySchema,
  "/v1/rerank": rerankBodySchema,
};

async function pastTheDoor(): Promise<never> {
  throw new AppError("not_found", "This address is answered without a query or a trailing slash.");
}

/** Its libraries are loaded only where a collector is configured: they cost start and memory. */
export async function openTelemetry(settings: TelemetrySettings): Promise<GenAiTelemetry> {
  const { createGenAiTelemetry } = await import("./gen-ai-telemetry.ts");
  return createGenAiTelemetry(settings);
}

export { databaseQuota } from "./limits/database-quota.ts";
export { type DefaultRouteSettings, defaultRoutes, NO_ROUTES } from "./routing/default-routes.ts";
