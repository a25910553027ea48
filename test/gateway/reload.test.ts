import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLog } from "#shared/log.ts";
import { followRouteFile } from "../../services/gateway/route-file/follow-route-file.ts";
import { contentOf } from "../helpers/content-of.ts";
import { post, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { type Behaviour, DONE, delta, finish, type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";

const patient = { timeout: 10_000, interval: 20 };

let folder: string;
let upstreams: MockUpstream[];
let gateway: TestGateway;
let followed: { close(): void };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reload-"));
});
afterEach(async () => {
  followed.close();
  await gateway.close();
  for (const upstream of upstreams) await upstream.close();
  rmSync(folder, { recursive: true });
});

/** Says its name, and takes its time. */
const named =
  (name: string, ms: number): Behaviour =>
  async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(delta(`${name} begins, `));
    await sleep(ms);
    response.end(delta(`${name} ends`) + finish("stop") + DONE);
  };

function write(routes: string): void {
  writeFileSync(join(folder, "next"), routes);
  renameSync(join(folder, "next"), join(folder, "routes.yaml"));
}

/** `names` are the model servers that are used, of those that the test has started. */
function routes(
  names: Readonly<Record<string, MockUpstream>>,
  more: { upstream?: string; model?: string; limits?: string } = {},
): string {
  const servers = Object.entries(names).map(
    ([name, { baseUrl }]) =>
      `  ${name}: { base_url: "${baseUrl}", model: m, ${more.upstream ?? "max_concurrent: 100"} }`,
  );
  return [
    "upstreams:",
    ...servers,
    "models:",
    `  chat: { tiers: [[${Object.keys(names).join(", ")}]]${more.model ? `, ${more.model}` : ""} }`,
    `limits: { default: { ${more.limits ?? ""} } }`,
    "",
  ].join("\n");
}

async function start(...behaviours: Behaviour[]): Promise<MockUpstream[]> {
  upstreams = await Promise.all(behaviours.map((behave) => mockUpstream(behave)));
  return upstreams;
}

async function follow(first: string): Promise<void> {
  write(first);
  gateway = await startGateway({ table: tableOf([], { tiers: [] }) });
  followed = followRouteFile(join(folder, "routes.yaml"), {}, gateway.gateway, silentLog);
}

const metrics = (): Promise<string> => gateway.metrics.registry.metrics();
const loaded = (count: number) =>
  expect.poll(metrics, patient).toContain(`cairn_gateway_route_file_total{outcome="loaded"} ${count}`);

const ask = async (): Promise<string> => {
  const response = await post(gateway, { stream: true });
  const text = await response.text();
  return text.endsWith(DONE) ? contentOf(text) : `${response.status} ${text}`;
};

test("model servers are swapped under load, and no request is lost: neither those that run nor those that wait", async () => {
  const [a, b] = await start(named("a", 4000), named("b", 20));
  await follow(routes({ a: a! }, { upstream: "max_concurrent: 30" }));
  const before = Array.from({ length: 50 }, ask);
  await expect.poll(() => a!.calls.length, patient).toBe(30);
  await expect.poll(metrics, patient).toContain('cairn_gateway_queued{model="chat"} 20');

  write(routes({ b: b! }, { upstream: "max_concurrent: 30" }));
  await loaded(2);
  // Those that waited go to the new one, while the old one still answers.
  await expect.poll(() => b!.calls.length, patient).toBe(20);
  const after = Array.from({ length: 20 }, ask);
  const said = await Promise.all([...before, ...after]);
  expect(said.filter((text) => text === "a begins, a ends")).toHaveLength(30);
  expect(said.filter((text) => text === "b begins, b ends")).toHaveLength(40);
  expect(await metrics()).toContain('cairn_gateway_demand{model="chat"} 0');
});

test("again and again while requests come and go, nothing is lost", async () => {
  const [a, b] = await start(named("a", 30), named("b", 30));
  await follow(routes({ a: a! }));
  let stopped = false;
  const said: string[] = [];
  const client = async (): Promise<void> => {
    while (!stopped) said.push(await ask());
  };
  const clients = Array.from({ length: 20 }, client);
  const files: Readonly<Record<string, MockUpstream>>[] = [{ b: b! }, { a: a!, b: b! }, { a: a! }];
  for (const [at, names] of files.entries()) {
    write(routes(names, { upstream: `max_concurrent: ${5 + at}` }));
    await loaded(at + 2);
  }
  stopped = true;
  await Promise.all(clients);
  expect(said.length).toBeGreaterThan(20);
  expect(said.filter((text) => !/^([ab]) begins, \1 ends$/.test(text))).toEqual([]);
});

test("a bad file changes nothing but a counter, and the next good one is taken", async () => {
  const [a, b] = await start(named("a", 1), named("b", 1));
  await follow(routes({ a: a! }));
  expect(await ask()).toBe("a begins, a ends");
  write("upstreams: { b: { base_url: nowhere } }");
  await expect.poll(metrics, patient).toContain('cairn_gateway_route_file_total{outcome="rejected"} 1');
  expect(await ask()).toBe("a begins, a ends");
  write(routes({ b: b! }));
  await loaded(2);
  expect(await ask()).toBe("b begins, b ends");
});

test("the connections to a model server that was removed are closed once its last answer has ended", async () => {
  const [a, b] = await start(named("a", 1000), named("b", 1));
  await follow(routes({ a: a! }));
  const long = ask();
  await expect.poll(() => a!.calls.length, patient).toBe(1);
  write(routes({ b: b! }));
  await loaded(2);
  expect(a!.connections()).toBeGreaterThan(0);
  expect(await long).toBe("a begins, a ends");
  // Far below the time that it would keep them for others.
  await expect.poll(() => a!.connections(), { timeout: 1000, interval: 10 }).toBe(0);
  expect(await metrics()).not.toContain('upstream_running{upstream="a"}');
});

test("limits of a new file are in force at once", async () => {
  const [a] = await start(named("a", 400));
  await follow(routes({ a: a! }));
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array(3).fill("a begins, a ends"));

  write(routes({ a: a! }, { upstream: "max_concurrent: 1", model: "queue: { max_requests: 1 }" }));
  await loaded(2);
  const first = ask();
  await expect.poll(() => a!.calls.length, patient).toBe(4);
  const waiting = ask();
  await expect.poll(metrics, patient).toContain('cairn_gateway_queued{model="chat"} 1');
  expect(await ask()).toMatch(/^429 .*busy/);
  expect(await Promise.all([first, waiting])).toEqual(Array(2).fill("a begins, a ends"));

  write(routes({ a: a! }, { limits: "requests_per_minute: 1" }));
  await loaded(3);
  expect(await ask()).toBe("a begins, a ends");
  expect(await ask()).toMatch(/^429 .*rate_limited/);
});

test("a model that is gone is not found, and whoever waited for it is told at once", async () => {
  const [a] = await start(named("a", 500));
  await follow(routes({ a: a! }, { upstream: "max_concurrent: 1" }));
  const running = ask();
  await expect.poll(() => a!.calls.length, patient).toBe(1);
  const waiting = ask();
  await expect.poll(metrics, patient).toContain('cairn_gateway_queued{model="chat"} 1');
  write(routes({ a: a! }).replace("  chat:", "  other:"));
  await loaded(2);
  expect(await waiting).toMatch(/^503 .*unavailable/);
  expect(await ask()).toMatch(/^404 .*model_not_found.*|^404 .*Available: other/);
  expect(await running).toBe("a begins, a ends");
});
