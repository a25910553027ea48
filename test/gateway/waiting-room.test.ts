import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { ModelSettings, OpenAiSettings } from "../../services/gateway/routing/route-table.ts";
import { type Answer, ask, metricOf, until } from "../helpers/ask.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { type LateServer, lateServer } from "../helpers/late-server.ts";
import { type Behaviour, DONE, delta, fails, finish, mockUpstream, streams } from "../helpers/mock-upstream.ts";

/** For timers of a loaded machine, and the way there and back. */
const SLACK_MS = 1000;

let gateway: TestGateway;
let closing: (() => Promise<void>)[] = [];

const answer = streams(delta("Hello"), finish("stop"), DONE);
const queue = { maxRequests: 100, maxBytes: 1_000_000, maxWaitMs: 10_000 };

async function start(servers: readonly OpenAiSettings[], model: Partial<ModelSettings>): Promise<void> {
  const tiers = servers.map(({ name }) => [arm(name)]);
  gateway = await startGateway({ table: tableOf(servers, { tiers, queue, ...model }) });
}

async function mock(name: string, behave: Behaviour) {
  const upstream = await mockUpstream(behave);
  closing.push(upstream.close);
  return { ...upstream, settings: openAi(name, upstream.baseUrl, { model: name }) };
}

async function late(name: string): Promise<LateServer & { settings: OpenAiSettings }> {
  const server = await lateServer(name);
  closing.push(server.stop);
  return Object.assign(server, { settings: openAi(name, server.baseUrl, { model: name, probeMs: 200 }) });
}

afterEach(async () => {
  await gateway.close();
  for (const close of closing) await close();
  closing = [];
});

const many = (count: number): Promise<Answer>[] => Array.from({ length: count }, () => ask(gateway));
const by = ({ status, headers }: Answer) => ({ status, upstream: headers["x-cairn-upstream"] });
const demand = (): Promise<number> => metricOf(gateway, 'cairn_gateway_demand{model="chat"}');
/** The first probe of a server that does not run has been refused. */
const probed = (): Promise<void> => sleep(100);

test("requests wait for a server that is starting, count as demand, and are answered by it once it is there", async () => {
  const [server, other] = [await late("late"), await mock("other", answer)];
  await start([server.settings, other.settings], { waitingRoomMs: 8000 });
  await probed();
  const answers = many(10);
  await until("all wait", async () => (await demand()) === 10);
  await sleep(1000);
  expect(await demand()).toBe(10);
  await server.start();
  for (const each of await Promise.all(answers)) {
    expect(by(each)).toEqual({ status: 200, upstream: "late" });
    expect(each.ms).toBeGreaterThan(1000);
  }
  expect(other.calls).toHaveLength(0);
});

test("after their time in the waiting room requests go to the next tier", async () => {
  const [server, other] = [await late("late"), await mock("other", answer)];
  await start([server.settings, other.settings], { waitingRoomMs: 600 });
  await probed();
  for (const each of await Promise.all(many(5))) {
    expect(by(each)).toEqual({ status: 200, upstream: "other" });
    expect(each.ms).toBeGreaterThan(590);
    expect(each.ms).toBeLessThan(600 + SLACK_MS);
  }
});

test("where nobody else serves they get a 503 that says when to come back", async () => {
  const server = await late("late");
  await start([server.settings], { waitingRoomMs: 600 });
  await probed();
  const [first] = await Promise.all(many(5));
  expect(first!.status).toBe(503);
  expect(first!.text).toContain('"code":"unavailable"');
  expect(Number(first!.headers["retry-after"])).toBeGreaterThanOrEqual(1);
  expect(first!.ms).toBeGreaterThan(590);
  expect(first!.ms).toBeLessThan(600 + SLACK_MS);
  expect(await demand()).toBe(0);
});

test("without a waiting room the next tier answers at once", async () => {
  const [server, other] = [await late("late"), await mock("other", answer)];
  await start([server.settings, other.settings], {});
  await probed();
  const each = await ask(gateway);
  expect(by(each)).toEqual({ status: 200, upstream: "other" });
  expect(each.headers["x-cairn-attempts"]).toBe("1");
});

test("a server that was scaled to zero is waited for, too: no request fails because it was the first to find out", async () => {
  const server = await late("late");
  await server.start();
  await start([server.settings], { waitingRoomMs: 8000 });
  await until("it is up", async () => (await ask(gateway)).status === 200);
  await server.stop();
  const answers = many(10);
  await sleep(500);
  await server.start();
  expect((await Promise.all(answers)).map(by)).toEqual(Array(10).fill({ status: 200, upstream: "late" }));
});

test("a shorter limit of the queue does not end the waiting room, whose end says that nobody serves", async () => {
  const server = await late("late");
  await server.start();
  await start([server.settings], { waitingRoomMs: 500, queue: { ...queue, maxWaitMs: 100 } });
  await until("it is up", async () => (await ask(gateway)).status === 200);
  await server.stop();
  await until("it is known to be down", async () => {
    const { status, ms } = await ask(gateway);
    return status === 503 && ms > 490;
  });
});

test("a client who leaves the waiting room is forgotten", async () => {
  const server = await late("late");
  await start([server.settings], { waitingRoomMs: 8000 });
  await probed();
  const leave = new AbortController();
  const gone = ask(gateway, { signal: leave.signal }).catch(() => "left");
  await until("it waits", async () => (await demand()) === 1);
  leave.abort();
  await until("nobody waits", async () => (await demand()) === 0);
  expect(await gone).toBe("left");
  await server.start();
  await sleep(300);
  expect(server.calls).toBe(0);
});

test("each tier is tried in its order until one answers", async () => {
  const names = ["first", "second", "third", "fourth"];
  const behaviours = [fails(500), fails(429), answer, answer];
  const servers = await Promise.all(names.map((name, at) => mock(name, behaviours[at]!)));
  await start(
    servers.map(({ settings }) => settings),
    {},
  );
  const each = await ask(gateway);
  expect(by(each)).toEqual({ status: 200, upstream: "third" });
  expect(each.headers["x-cairn-attempts"]).toBe("3");
  expect(servers.map(({ calls }) => calls.length)).toEqual([1, 1, 1, 0]);
});

test("replicas of a tier are tried before the next tier, and each request at most as often as allowed", async () => {
  const bad = await Promise.all(["a", "b", "c"].map((name) => mock(name, fails(500))));
  const good = await mock("next", answer);
  const settings = [...bad, good].map((each) => each.settings);
  await start(settings, { tiers: [[arm("a", "b", "c")], [arm("next")]], maxAttempts: 2 });
  const each = await ask(gateway);
  expect(by(each)).toEqual({ status: 200, upstream: "next" });
  expect(bad.reduce((sum, { calls }) => sum + calls.length, 0)).toBe(2);
});

test.each<[string, Behaviour]>([
  ["every server says that it is busy", fails(429)],
  ["every server fails", fails(500)],
])("when %s, retries stay within a tenth of the requests and the reserve", async (_, behave) => {
  const servers = await Promise.all(["a", "b", "c"].map((name) => mock(name, behave)));
  await start(
    servers.map(({ settings }) => settings),
    { tiers: [[arm("a", "b", "c")]], maxAttempts: 3 },
  );
  const started = performance.now();
  const answers: Answer[] = [];
  for (let at = 0; at < 10; at++) answers.push(...(await Promise.all(many(30))));
  const seconds = (performance.now() - started) / 1000;
  const calls = servers.reduce((sum, each) => sum + each.calls.length, 0);
  expect(answers.every(({ status }) => status === 429 || status === 502 || status === 503)).toBe(true);
  // The reserve of 10 is full again after 10 s.
  expect(calls).toBeLessThanOrEqual(300 * 1.1 + 10 + seconds);
  const ends = await Promise.all(
    ["a", "b", "c"].map((name) => metricOf(gateway, `cairn_gateway_upstream_running{upstream="${name}"}`)),
  );
  expect([...ends, await demand()]).toEqual([0, 0, 0, 0]);
});
