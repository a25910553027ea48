import type { AddressInfo } from "node:net";
import { silentLog } from "#shared/log.ts";
import { createServer } from "#shared/server.ts";
import { createMetrics, type Metrics } from "#shared/telemetry.ts";
import { createGateway, defaultRoutes, type Gateway, type GatewayDeps } from "../../services/gateway/app.ts";
import { DEFAULT_TIMEOUTS } from "../../services/gateway/routing/default-routes.ts";
import type {
  ModelSettings,
  OpenAiSettings,
  RouteTable,
  Timeouts,
  UpstreamSettings,
} from "../../services/gateway/routing/route-table.ts";

export type TestGateway = {
  readonly url: string;
  readonly metrics: Metrics;
  readonly gateway: Gateway;
  close(): Promise<void>;
};

export const PROMPT =
  "Evidence:\n\n[1] Ports > Defaults\nThe gateway listens on port 8081.\n\nQuestion: Which port does the gateway use?";

/** `chat` by the given model server, with extraction as the last fallback unless `alone`. */
export async function testGateway(
  baseUrl: string | undefined,
  options: { readonly limits?: Partial<Timeouts>; readonly alone?: boolean } = {},
): Promise<TestGateway> {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.limits };
  const servers: UpstreamSettings[] = baseUrl ? [openAi("mock", baseUrl, { model: "m-1", apiKey: "k", timeouts })] : [];
  if (!options.alone) servers.push({ kind: "embedded", name: "extractive", maxConcurrent: 256 });
  return startGateway({ table: tableOf(servers, { tiers: servers.map(({ name }) => [arm(name)]) }) });
}

export const arm = (...upstreams: string[]): ModelSettings["tiers"][number][number] => ({ upstreams, weight: 1 });

export function openAi(name: string, baseUrl: string, more: Partial<OpenAiSettings> = {}): OpenAiSettings {
  const settings = defaultRoutes({ openaiBaseUrl: baseUrl }).upstreams.get("openai") as OpenAiSettings;
  return { ...settings, name, ...more };
}

/** A table of one model, `chat` unless told otherwise. */
export function tableOf(upstreams: readonly UpstreamSettings[], model: Partial<ModelSettings>): RouteTable {
  const { models, limits } = defaultRoutes({});
  const settings = { ...models.get("chat")!, ...model };
  return {
    upstreams: new Map(upstreams.map((upstream) => [upstream.name, upstream])),
    models: new Map([[settings.alias, settings]]),
    limits,
  };
}

export async function startGateway(deps: Partial<GatewayDeps> & Pick<GatewayDeps, "table">): Promise<TestGateway> {
  const metrics = createMetrics();
  const gateway = createGateway({
    serviceKey: undefined,
    authenticate: undefined,
    open: true,
    quota: undefined,
    metrics,
    log: silentLog,
    accessLog: undefined,
    telemetry: undefined,
    now: () => 1_700_000_000_000,
    ...deps,
  });
  const server = createServer({ service: "gateway", version: "test", log: silentLog, metrics, door: gateway.door });
  server.register(async () => gateway.mount(server));
  await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/v1`,
    metrics,
    gateway,
    close: async () => {
      server.server.closeAllConnections();
      await server.close();
      await gateway.close();
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
