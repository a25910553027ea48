import type { Server } from "#shared/server.ts";
import type { Route } from "../routing/routes.ts";

/** `GET /v1/models`: the aliases, not the model servers behind them. */
export function mountModels(server: Server, routes: readonly Route[], now: () => number): void {
  const created = Math.floor(now() / 1000);
  server.get("/v1/models", async () => ({
    object: "list",
    data: routes.map(({ alias }) => ({ id: alias, object: "model", created, owned_by: "cairn" })),
  }));
}
