import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { ModelSettings } from "../../services/gateway/routing/route-table.ts";
import { type Answer, ask, metricOf, quantile, until } from "../helpers/ask.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import {
  type Behaviour,
  DONE,
  delta,
  finish,
  type MockUpstream,
  mockUpstream,
  streams,
} from "../helpers/mock-upstream.ts";

const PLACES = 10;
const SERVICE_MS = 200;
const NOMINAL = (PLACES * 1000) / SERVICE_MS;
const MAX_WAIT_MS = 800;
const DURATION_MS = 2500;
/** For timers of a loaded machine, and the way there and back. */
const SLACK_MS = 400;

let upstream: MockUpstream;
let gateway: TestGateway;
/** Requests at the upstream now, most of them at once, all that it has answered, and when the last. */
let held = 0;
let most = 0;
let served = 0;
let lastMs = 0;

const answer = streams(delta("Hello"), finish("stop"), DONE);

/** A model server that takes `SERVICE_MS` for an answer on average, however many it has; alike they would end together. */
const serves: Behaviour = async (response, call) => {
  held += 1;
  most = Math.max(most, held);
  await sleep(SERVICE_MS * (0.5 + (upstream.calls.length % 11) / 10));
  held -= 1;
  lastMs = performance.now();
  served += 1;
  await answer(response, call);
};

async function start(
  behave: Behaviour,
  maxConcurrent: number,
  queue: Partial<ModelSettings["queue"]> = {},
): Promise<void> {
  [held, most, served] = [0, 0, 0];
  upstream = await mockUpstream(behave);
  const limits = { maxRequests: 60, maxBytes: 1_000_000, maxWaitMs: MAX_WAIT_MS, ...queue };
  const servers = [openAi("mock", upstream.baseUrl, { model: "m-1", maxConcurrent })];
  gateway = await startGateway({ table: tableOf(servers, { tiers: [[arm("mock")]], queue: limits, maxAttempts: 1 }) });
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const send = (tenant: string, priority = "interactive"): Promise<Answer> =>
  ask(gateway, { headers: { "x-cairn-tenant": tenant, "x-cairn-priority": priority } });

/** Sends at a steady rate, however long the answers take. */
async function load(perSecond: number, tenant: string, durationMs = DURATION_MS): Promise<Answer[]> {
  const started = performance.now();
  const answers: Promise<Answer>[] = [];
  while (performance.now() - started < durationMs) {
    const due = ((performance.now() - started) * perSecond) / 1000;
    while (answers.length < due) answers.push(send(tenant));
    await sleep(10);
  }
  return Promise.all(answers);
}

/** Answers a second when as many ask as there are places, one question after the other: on this machine, now. */
async function capacityNow(): Promise<number> {
  const started = performance.now();
  const asks = async (): Promise<void> => {
    while (performance.now() - started < 1500) await send("local");
  };
  await Promise.all(Array.from({ length: PLACES }, asks));
  return (served * 1000) / (lastMs - started);
}

const p95Of = (answers: readonly Answer[]): number =>
  quantile(
    answers.map(({ ms }) => ms),
    0.95,
  );
const statusOf = (answers: readonly Answer[], status: number): Answer[] =>
  answers.filter((each) => each.status === status);
const queuedMs = ({ headers }: Answer): number =>
  Number(/queue;dur=([\d.]+)/.exec(String(headers["server-timing"]))![1]);
const gauge = (name: string): Promise<number> => metricOf(gateway, `cairn_gateway_${name}{model="chat"}`);

// Its figures are compared with others of the same machine, a moment before: a machine that is given other work in
// between is measured again.
test("at three times the capacity a flooding tenant does not slow a quiet one down, and the server is kept busy", {
  retry: 2,
}, async () => {
  await start(serves, PLACES);
  const capacity = await capacityNow();
  const alone = p95Of(await load(10, "quiet", 1500));
  const started = performance.now();
  served = 0;
  const [quiet, flood] = await Promise.all([load(10, "quiet"), load(3 * NOMINAL, "flooder")]);
  const goodput = (served * 1000) / (lastMs - started);

  expect(statusOf(quiet, 200)).toHaveLength(quiet.length);
  expect(p95Of(quiet)).toBeLessThan(2 * alone + SLACK_MS);
  expect(goodput).toBeGreaterThan(0.9 * capacity);
  expect(most).toBe(PLACES);
  const refused = statusOf(flood, 429);
  expect(refused.length + statusOf(flood, 200).length).toBe(flood.length);
  expect(refused.length).toBeGreaterThan(flood.length / 2);
  for (const { headers, text } of refused) {
    expect(text).toContain('"code":"rate_limited"');
    expect(Number(headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(60);
  }
  for (const each of statusOf([...quiet, ...flood], 200)) expect(queuedMs(each)).toBeLessThan(MAX_WAIT_MS + SLACK_MS);
  for (const { ms } of refused) expect(ms).toBeLessThan(MAX_WAIT_MS + SLACK_MS);
  expect(await gauge("demand")).toBe(0);
});

test("the demand is what is queued and what runs, and as many as are open, at every sample", async () => {
  const open: (() => void)[] = [];
  await start((response, call) => new Promise<void>((resolve) => open.push(() => resolve(answer(response, call)))), 4, {
    maxWaitMs: 20_000,
    maxRequests: 100,
  });
  const leave = new AbortController();
  const asked: Promise<unknown>[] = [];
  const samples: number[][] = [];
  const expectOpen = async (count: number): Promise<void> => {
    await until(`a demand of ${count}`, async () => {
      const [demand, queued, running] = await Promise.all([gauge("demand"), gauge("queued"), gauge("running")]);
      samples.push([demand, queued, running]);
      return demand === count;
    });
    await until("the upstream has what runs", () => open.length === Math.min(count, 4));
    expect(samples.at(-1)).toEqual([count, Math.max(0, count - 4), Math.min(count, 4)]);
    expect(await metricOf(gateway, 'cairn_gateway_upstream_running{upstream="mock"}')).toBe(Math.min(count, 4));
  };
  for (let at = 0; at < 15; at++) asked.push(send(`tenant-${at % 3}`));
  await expectOpen(15);
  for (let at = 0; at < 5; at++) {
    const headers = { "x-cairn-tenant": "leaving" };
    asked.push(ask(gateway, { headers, signal: leave.signal }).catch(() => "left"));
  }
  await expectOpen(20);
  leave.abort();
  await expectOpen(15);
  for (let left = 14; left >= 0; left--) {
    open.shift()!();
    await expectOpen(left);
  }
  await Promise.all(asked);
  for (const [demand, queued, running] of samples) expect(demand).toBe(queued! + running!);
});

test("under load the demand never differs from queued and running, nor do more run than the upstream takes", async () => {
  await start(serves, PLACES);
  let over = false;
  const watch = async (): Promise<void> => {
    for (let samples = 0; !over || samples < 50; samples++) {
      const text = await gateway.metrics.registry.metrics();
      const [demand, queued, running] = ["demand", "queued", "running"].map((name) =>
        Number(new RegExp(`^cairn_gateway_${name}\\{model="chat"\\} (\\d+)$`, "m").exec(text)?.[1]),
      );
      expect(demand).toBe(queued! + running!);
      expect(running).toBeLessThanOrEqual(PLACES);
      expect(running).toBeGreaterThanOrEqual(held);
      await sleep(10);
    }
  };
  await Promise.all([load(150, "a", 800).then(() => (over = true)), watch()]);
});

test("batch requests wait until nobody else does, and still come before their time is over", async () => {
  const open: (() => void)[] = [];
  const limits = { maxWaitMs: 25_000 };
  await start(
    (response, call) => new Promise((resolve) => open.push(() => resolve(answer(response, call)))),
    2,
    limits,
  );
  const order: string[] = [];
  const note = (name: string) => (): void => void order.push(name);
  const running = [send("a"), send("a")].map((one) => one.then(note("running")));
  await until("both places are taken", () => open.length === 2);
  const batch = Array.from({ length: 4 }, () => send("b", "batch").then(note("batch")));
  await until("the batch waits", async () => (await gauge("queued")) === 4);
  const quick = Array.from({ length: 6 }, () => send("a").then(note("interactive")));
  await until("the others wait, too", async () => (await gauge("queued")) === 10);
  for (let done = 1; done <= 12; done++) {
    await until("somebody is served", () => open.length > 0);
    open.shift()!();
    await until("an answer", () => order.length === done);
  }
  await Promise.all([...running, ...batch, ...quick]);
  expect(order).toEqual(["running", "running", ...Array(6).fill("interactive"), ...Array(4).fill("batch")]);
});

test("a full queue of batch requests gives way to an interactive one", async () => {
  await start(serves, 1, { maxRequests: 3, maxWaitMs: 5000 });
  const running = send("a");
  await until("the place is taken", () => held === 1);
  const batch = Array.from({ length: 3 }, () => send("b", "batch"));
  await until("the queue is full", async () => (await gauge("queued")) === 3);
  const answers = await Promise.all([send("a"), ...batch, running]);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 429]);
  expect(answers[0]!.status).toBe(200);
  expect(statusOf(answers, 429)[0]!.headers["retry-after"]).toBeDefined();
});

test("a caller who leaves the queue gives its place up at once", async () => {
  await start(serves, 1, { maxWaitMs: 5000 });
  const running = send("a");
  await until("the place is taken", () => held === 1);
  const leave = new AbortController();
  const gone = ask(gateway, { signal: leave.signal }).catch(() => "left");
  await until("it waits", async () => (await gauge("queued")) === 1);
  leave.abort();
  await until("nobody waits", async () => (await gauge("queued")) === 0);
  expect(await gone).toBe("left");
  await running;
  expect(upstream.calls).toHaveLength(1);
});
