import type { Server } from "#shared/server.ts";
import type { LiveRoutes } from "../routing/live-routes.ts";

/** `GET /v1/upstreams`: how models and the servers behind them are at this moment. No address and no key of theirs. */
export function mountUpstreams(server: Server, routes: LiveRoutes): void {
  server.get("/v1/upstreams", async () => ({
    models: routes.list().map(({ settings, admission, running }) => ({
      alias: settings.alias,
      kind: settings.kind,
      running,
      queued: admission.queued,
      upstreams: [...new Set(settings.tiers.flat().flatMap((arm) => arm.upstreams))],
    })),
    upstreams: routes.upstreams().map(({ name, settings, mayTry, breaker, inFlight }) => ({
      name,
      kind: settings.kind,
      healthy: mayTry,
      breaker: breaker.state,
      running: inFlight,
    })),
  }));
}
