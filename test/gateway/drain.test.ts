import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { contentOf } from "../helpers/content-of.ts";
import { type GatewayProcess, gatewayProcess, routesTo } from "../helpers/gateway-process.ts";
import { type Behaviour, DONE, delta, finish, type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";
import { chatBody, type RawClient, rawClient, rawRequest } from "../helpers/raw-http.ts";

const STREAMS = 50;
const PLACES = 40;
const TOKENS = 40;
/** Others may have come with it. */
const FIRST_TOKEN = /"content":"0 /;

let upstream: MockUpstream;
let gateway: GatewayProcess;

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

/** A token every `ms`, as a model server has them. */
const paced =
  (tokens: number, ms: number): Behaviour =>
  async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let at = 0; at < tokens && !response.destroyed; at++) {
      response.write(delta(`${at} `));
      await sleep(ms);
    }
    response.end(finish("stop") + DONE);
  };

async function start(behave: Behaviour, routes = ""): Promise<void> {
  upstream = await mockUpstream(behave);
  gateway = await gatewayProcess(routes || routesTo(upstream.baseUrl, `max_concurrent: ${PLACES}`));
}

function streams(count: number): RawClient[] {
  return Array.from({ length: count }, () => {
    const client = rawClient(gateway.url);
    client.send(rawRequest(chatBody({ stream: true })));
    return client;
  });
}

const statusOf = (url: string): Promise<number | "refused"> =>
  fetch(url).then(
    ({ status }) => status,
    () => "refused" as const,
  );

test(`${STREAMS} streams, running or queued, end whole after SIGTERM, and new ones go elsewhere`, async () => {
  await start(paced(TOKENS, 25));
  await gateway.ready();
  const idle = rawClient(gateway.url);
  idle.send(rawRequest(chatBody({ model: "none" })));
  await idle.until(/model_not_found/);
  const all = streams(STREAMS);
  await Promise.all(all.slice(0, PLACES).map((client) => client.until(FIRST_TOKEN)));
  await expect
    .poll(async () => (await fetch(`${gateway.operations}/metrics`)).text())
    .toContain(`cairn_gateway_queued{model="chat"} ${STREAMS - PLACES}`);
  expect(await statusOf(`${gateway.operations}/readyz`)).toBe(200);

  gateway.child.kill("SIGTERM");
  await expect.poll(() => statusOf(`${gateway.operations}/readyz`), { interval: 10 }).toBe(503);
  expect(await statusOf(`${gateway.operations}/livez`)).toBe(200);
  expect([503, "refused"]).toContain(await statusOf(`${gateway.url}/models`));
  const late = rawClient(gateway.url);
  late.send(rawRequest(chatBody()));
  await late.ended;
  expect(late.text()).not.toContain(" 200 ");

  const texts = await Promise.all(all.map((client) => client.until(/\[DONE\]/)));
  const whole = Array.from({ length: TOKENS }, (_, at) => `${at} `).join("");
  for (const text of texts) expect(contentOf(text)).toBe(whole);
  expect(upstream.calls).toHaveLength(STREAMS);
  expect(await gateway.exited()).toBe(0);
  expect(gateway.output().stderr).not.toMatch(/"level":"(warn|error)"/);
});

test("of 200 streams that run at SIGTERM none is dropped", { timeout: 90_000 }, async () => {
  upstream = await mockUpstream(paced(TOKENS, 25));
  gateway = await gatewayProcess(routesTo(upstream.baseUrl));
  await gateway.ready();
  const all = streams(200);
  await Promise.all(all.map((client) => client.until(FIRST_TOKEN)));
  gateway.child.kill("SIGTERM");
  const texts = await Promise.all(all.map((client) => client.until(/\[DONE\]/)));
  const whole = Array.from({ length: TOKENS }, (_, at) => `${at} `).join("");
  for (const text of texts) expect(contentOf(text)).toBe(whole);
  expect(await gateway.exited()).toBe(0);
});

test("a request on a connection from before is told that the gateway leaves", async () => {
  await start(paced(20, 25));
  await gateway.ready();
  const [client] = streams(1);
  await client!.until(FIRST_TOKEN);
  gateway.child.kill("SIGTERM");
  await expect.poll(() => statusOf(`${gateway.operations}/readyz`), { interval: 10 }).toBe(503);
  client!.send(rawRequest(chatBody()));
  const text = await client!.until(/\[DONE\][\s\S]*HTTP\/1.1 503[\s\S]*shutting down/);
  expect(text).toMatch(/HTTP\/1.1 503[\s\S]*retry-after: 1/);
  expect(await gateway.exited()).toBe(0);
});

test("a second signal ends the gateway at once", async () => {
  await start(paced(1000, 25));
  await gateway.ready();
  const [client] = streams(1);
  await client!.until(FIRST_TOKEN);
  gateway.child.kill("SIGTERM");
  await expect.poll(() => statusOf(`${gateway.operations}/readyz`), { interval: 10 }).toBe(503);
  const signalled = performance.now();
  gateway.child.kill("SIGTERM");
  expect(await gateway.exited()).toBe(130);
  expect(performance.now() - signalled).toBeLessThan(10_000);
});

test.each([
  [
    "a route file with mistakes",
    "upstreams: { a: { base_url: nowhere } }\nmodels: { chat: { tiers: [[b]] } }\n",
    /base_url[\s\S]*no upstream/,
  ],
  ["a route file that is no YAML", "upstreams: [", /route file/i],
])("%s ends the start with a message for the operator and without a stack", async (_, routes, message) => {
  await start(() => {}, routes);
  expect(await gateway.exited()).toBe(1);
  const { stderr } = gateway.output();
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
});
