import type { Server } from "#shared/server.ts";
import { type ChatDeps, mountChatCompletions } from "./routes/chat-completions.ts";
import { mountModels } from "./routes/models.ts";

export type GatewayDeps = ChatDeps;

/** One OpenAI-compatible door to many model servers. */
export function mountGateway(server: Server, deps: GatewayDeps): void {
  mountChatCompletions(server, deps);
  mountModels(server, deps.routes, deps.now);
}

export { type DefaultRouteSettings, defaultRoutes } from "./routing/default-routes.ts";
