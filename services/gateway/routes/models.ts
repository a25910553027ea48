import type { Server } from "#shared/server.ts";
import type { LiveRoutes } from "../routing/live-routes.ts";

/** `GET /v1/models`: the aliases, not the model servers behind them. */
export function mountModels(server: Server, routes: LiveRoutes, now: () => number): void {
  const created = Math.floor(now() / 1000);
  server.get("/v1/models", async () => ({
    object: "list",
    data: routes.list().map(({ settings }) => ({ id: settings.alias, object: "model", created, owned_by: "cairn" })),
  }));
}
