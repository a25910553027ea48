import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { openTelemetry } from "../../services/gateway/app.ts";
import { defaultRoutes } from "../../services/gateway/routing/default-routes.ts";
import { PROMPT, post, startGateway } from "../helpers/gateway.ts";

type Attribute = { key: string; value: { stringValue?: string; intValue?: number } };
type Span = {
  traceId: string;
  parentSpanId?: string;
  name: string;
  attributes: Attribute[];
  status?: { code?: number };
};
type Traces = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
type Metrics = { resourceMetrics: { scopeMetrics: { metrics: { name: string; unit: string }[] }[] }[] };

let collector: Server | undefined;
afterEach(() => void collector?.close());

/** What a collector received, by path. */
async function startCollector() {
  const received = new Map<string, string[]>();
  collector = createServer(async (request, response) => {
    const body = await text(request);
    received.set(request.url!, [...(received.get(request.url!) ?? []), body]);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await once(collector.listen(0, "127.0.0.1"), "listening");
  return { received, endpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` };
}

async function startTraced(endpoint: string) {
  const telemetry = await openTelemetry({ endpoint, service: "cairn-gateway", version: "test", now: Date.now });
  return startGateway({ table: defaultRoutes({}), telemetry });
}

test("a collector gets a span and metrics by the conventions for generative AI, and not a word of the content", async () => {
  const { received, endpoint } = await startCollector();
  const gateway = await startTraced(endpoint);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  await fetch(`${gateway.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: PROMPT }] }),
  }).then((answer) => answer.json());
  await post(gateway, { model: "nobody" }).then((answer) => answer.json());
  await gateway.close();

  const spans = received
    .get("/v1/traces")!
    .flatMap((body) => (JSON.parse(body) as Traces).resourceSpans.flatMap((each) => each.scopeSpans))
    .flatMap((each) => each.spans);
  const [answered, unknown] = spans;
  expect(answered).toMatchObject({ name: "chat chat", traceId, parentSpanId: "b7ad6b7169203331" });
  const attributes = Object.fromEntries(
    answered!.attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]),
  );
  expect(attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "extractive",
    "gen_ai.request.model": "chat",
    "http.response.status_code": 200,
    "cairn.attempts": 1,
  });
  expect(attributes["gen_ai.usage.output_tokens"]).toBeGreaterThan(0);
  expect(unknown?.attributes).toContainEqual({ key: "error.type", value: { stringValue: "404" } });
  expect(unknown?.traceId).not.toBe(traceId);

  const names = received
    .get("/v1/metrics")!
    .flatMap((body) => (JSON.parse(body) as Metrics).resourceMetrics.flatMap((each) => each.scopeMetrics))
    .flatMap((each) => each.metrics.map(({ name }) => name));
  expect(new Set(names)).toEqual(
    new Set([
      "gen_ai.server.request.duration",
      "gen_ai.server.time_to_first_token",
      "gen_ai.server.time_per_output_token",
      "gen_ai.client.token.usage",
    ]),
  );
  expect([...received.values()].flat().join()).not.toContain("listens on port");
});

test("a caller who does not sample is not traced", async () => {
  const { received, endpoint } = await startCollector();
  const gateway = await startTraced(endpoint);
  await fetch(`${gateway.url}/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    },
    body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: PROMPT }] }),
  });
  await gateway.close();
  expect(received.has("/v1/traces")).toBe(false);
  expect(received.has("/v1/metrics")).toBe(true);
});

test("a collector that is away changes no answer and does not hold up the end", async () => {
  const gateway = await startTraced("http://127.0.0.1:1");
  expect((await post(gateway)).status).toBe(200);
  await gateway.close();
});
