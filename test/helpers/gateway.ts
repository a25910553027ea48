import type { AddressInfo } from "node:net";
import { silentLog } from "#shared/log.ts";
import { createServer } from "#shared/server.ts";
import { createMetrics, type Metrics } from "#shared/telemetry.ts";
import { mountGateway } from "../../services/gateway/app.ts";
import type { Route } from "../../services/gateway/routing/routes.ts";
import { extractiveUpstream } from "../../services/gateway/upstreams/extractive.ts";
import { type OpenAiOptions, openAiUpstream } from "../../services/gateway/upstreams/openai.ts";

export type TestGateway = { readonly url: string; readonly metrics: Metrics; close(): Promise<void> };

export const PROMPT =
  "Evidence:\n\n[1] Ports > Defaults\nThe gateway listens on port 8081.\n\nQuestion: Which port does the gateway use?";

/** `chat` by the given model server, with extraction as the last fallback unless `alone`. */
export async function testGateway(
  baseUrl: string | undefined,
  options: { readonly limits?: OpenAiOptions["limits"]; readonly alone?: boolean } = {},
): Promise<TestGateway> {
  const model = baseUrl
    ? [openAiUpstream({ name: "mock", baseUrl, model: "m-1", apiKey: "k", limits: options.limits ?? {} })]
    : [];
  const routes: Route[] = [{ alias: "chat", tiers: [model, options.alone ? [] : [extractiveUpstream()]] }];
  const metrics = createMetrics();
  const server = createServer({ service: "gateway", version: "test", log: silentLog, metrics });
  server.register(async () => mountGateway(server, { routes, metrics, log: silentLog, now: () => 1_700_000_000_000 }));
  await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/v1`,
    metrics,
    close: async () => {
      server.server.closeAllConnections();
      await server.close();
    },
  };
}

/** `POST /chat/completions` with a user message that carries evidence, unless the body says otherwise. */
export function post(gateway: TestGateway, body: object = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: PROMPT }], ...body }),
    signal: signal ?? null,
  });
}
