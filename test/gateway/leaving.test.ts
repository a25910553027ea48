import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import {
  type Behaviour,
  delta,
  fails,
  floods,
  type MockUpstream,
  mockUpstream,
  stalls,
} from "../helpers/mock-upstream.ts";
import { chatBody, type RawClient, rawClient, rawRequest } from "../helpers/raw-http.ts";

const CLIENTS = 200;
/** Milliseconds in fact; a loaded machine needs more before this may fail. */
const LENIENT_MS = 1000;

let upstream: MockUpstream;
let gateway: TestGateway;

async function start(behave: Behaviour, maxConcurrent = 1000): Promise<void> {
  upstream = await mockUpstream(behave);
  const mock = openAi("mock", upstream.baseUrl, { model: "m", maxConcurrent });
  const queue = { maxRequests: 1000, maxBytes: 1e9, maxWaitMs: 30_000 };
  gateway = await startGateway({ table: tableOf([mock], { tiers: [[arm("mock")]], queue, maxAttempts: 5 }) });
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

/** Clients with one request each, told apart by their message. */
function clients(count: number, stream: boolean): RawClient[] {
  return Array.from({ length: count }, (_, at) => {
    const client = rawClient(gateway.url);
    client.send(rawRequest(chatBody({ stream, messages: [{ role: "user", content: `client ${at}` }] })));
    return client;
  });
}

async function gauge(name: string): Promise<number> {
  const text = await gateway.metrics.registry.metrics();
  return Number(new RegExp(`^cairn_gateway_${name}\\{model="chat"\\} (\\d+)$`, "m").exec(text)?.[1]);
}

const idle = async (): Promise<void> => {
  await expect.poll(() => gauge("demand")).toBe(0);
  expect([await gauge("queued"), await gauge("running")]).toEqual([0, 0]);
};
const openCalls = (): number => upstream.calls.filter(({ closedAt }) => closedAt === undefined).length;

const messageOf = ({ messages }: MockUpstream["calls"][number]["body"]): string =>
  (messages as { content: string }[])[0]!.content;

test.each<[string, boolean, Behaviour, RegExp | undefined]>([
  ["in mid-stream", true, stalls(delta("Half an ")), /Half an /],
  ["after the headers of a stream", true, stalls(), undefined],
  ["before the first byte of a stream", true, () => {}, undefined],
  ["before a whole answer", false, () => {}, undefined],
])(`${CLIENTS} clients that leave %s are ended at the upstream at once`, async (when, stream, behave, begun) => {
  await start(behave);
  const all = clients(CLIENTS, stream);
  if (begun) await Promise.all(all.map((client) => client.until(begun)));
  await expect.poll(() => upstream.calls.length).toBe(CLIENTS);
  const left = new Map<string, number>();
  for (const [at, { socket }] of all.entries()) {
    left.set(`client ${at}`, performance.now());
    socket.destroy();
    // One by one: together they would measure how long a process takes to close so many connections.
    await new Promise(setImmediate);
  }
  await expect.poll(openCalls, { interval: 5 }).toBe(0);
  const took = upstream.calls.map(({ closedAt, body }) => closedAt! - left.get(messageOf(body))!).sort((a, b) => a - b);
  const p99 = took[Math.floor(took.length * 0.99)]!;
  process.stdout.write(`left ${when}: p50 ${took[CLIENTS / 2]!.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms\n`);
  expect(p99).toBeLessThan(LENIENT_MS);
  await idle();
});

test("a client that leaves the queue leaves nothing in it, and the others keep their turn", async () => {
  await start(stalls(delta("Half an ")), 1);
  const [first] = clients(1, true);
  await first!.until(/Half an /);
  const waiting = clients(50, true);
  await expect.poll(() => gauge("queued")).toBe(50);
  for (const { socket } of waiting.slice(0, 49)) socket.destroy();
  await expect.poll(() => gauge("queued")).toBe(1);
  expect(upstream.calls).toHaveLength(1);
  first!.socket.destroy();
  await waiting[49]!.until(/Half an /);
  expect(upstream.calls).toHaveLength(2);
  waiting[49]!.socket.destroy();
  await idle();
  expect(upstream.calls).toHaveLength(2);
});

test("a client that leaves before the next try is not tried for", async () => {
  await start(fails(503, {}, { "retry-after": "5" }));
  const [client] = clients(1, false);
  await expect.poll(() => gateway.metrics.registry.metrics()).toContain('outcome="unavailable"} 1');
  client!.socket.destroy();
  const left = performance.now();
  // The access is over at once, not after the wait.
  await expect.poll(() => gateway.metrics.registry.metrics(), { interval: 5 }).toContain('status="499"');
  expect(performance.now() - left).toBeLessThan(4500);
  await idle();
  expect(upstream.calls).toHaveLength(1);
});

test("a client that leaves while its body is on the way is no request for anybody", async () => {
  await start(stalls());
  const client = rawClient(gateway.url);
  client.send(rawRequest(chatBody()).slice(0, -10));
  await once(client.socket, "connect");
  client.socket.resetAndDestroy();
  await expect.poll(() => gateway.metrics.registry.metrics()).toContain('status="499"');
  expect(upstream.calls).toHaveLength(0);
  await idle();
});

test("a reader that stopped long ago and leaves ends the upstream that waits for it", async () => {
  await start(floods(1000, 16_000));
  const [client] = clients(1, true);
  await client!.until(/xxx/);
  client!.socket.pause();
  await expect.poll(() => upstream.calls.length).toBe(1);
  let before = -1;
  await expect
    .poll(
      () => {
        const now = upstream.written();
        const still = now === before;
        before = now;
        return still;
      },
      { interval: 200 },
    )
    .toBe(true);
  client!.socket.destroy();
  await expect.poll(openCalls, { interval: 5 }).toBe(0);
  await idle();
});

test("requests in one pipeline are all ended when their connection goes", async () => {
  await start(stalls(delta("Half an ")));
  const client = rawClient(gateway.url);
  const request = rawRequest(chatBody({ stream: true }));
  client.send(request, request, request);
  await client.until(/Half an /);
  await expect.poll(() => upstream.calls.length).toBe(3);
  client.socket.destroy();
  await expect.poll(openCalls, { interval: 5 }).toBe(0);
  await idle();
});
