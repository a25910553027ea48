import type { Server } from "#shared/server.ts";
import { requireKey } from "./require-key.ts";
import { type ChatDeps, mountChatCompletions } from "./routes/chat-completions.ts";
import { mountModels } from "./routes/models.ts";

export type GatewayDeps = ChatDeps & {
  /** What a caller must send as `Authorization: Bearer`. Without one, only loopback may reach the gateway. */
  readonly key?: string | undefined;
};

/** One OpenAI-compatible door to many model servers. */
export function mountGateway(server: Server, deps: GatewayDeps): void {
  const { key } = deps;
  if (key !== undefined) server.addHook("onRequest", async (request) => requireKey(request.headers.authorization, key));
  mountChatCompletions(server, deps);
  mountModels(server, deps.routes, deps.now);
}

export { type DefaultRouteSettings, defaultRoutes } from "./routing/default-routes.ts";
