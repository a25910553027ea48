import { afterEach, expect, test } from "vitest";
import type { GatewayDeps } from "../../services/gateway/app.ts";
import { chooseUpstream } from "../../services/gateway/routing/choose-upstream.ts";
import type { ModelSettings, OpenAiSettings } from "../../services/gateway/routing/route-table.ts";
import { silentLog } from "../../services/shared/log.ts";
import { type Answer, ask, metricOf, until } from "../helpers/ask.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { type LateServer, lateServer } from "../helpers/late-server.ts";
import { type Behaviour, DONE, delta, fails, finish, mockUpstream, streams } from "../helpers/mock-upstream.ts";

let gateway: TestGateway;
let closing: (() => Promise<void>)[] = [];

const answer = streams(delta("Hello"), finish("stop"), DONE);

async function start(
  servers: readonly OpenAiSettings[],
  model: Partial<ModelSettings>,
  deps: Partial<GatewayDeps> = {},
): Promise<void> {
  gateway = await startGateway({ table: tableOf(servers, model), ...deps });
}

async function mock(name: string, behave: Behaviour, more: Partial<OpenAiSettings> = {}) {
  const upstream = await mockUpstream(behave);
  closing.push(upstream.close);
  return { ...upstream, settings: openAi(name, upstream.baseUrl, { model: name, ...more }) };
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

const say = (conversation: string): Promise<Answer> =>
  ask(gateway, { headers: { "x-cairn-conversation": conversation } });
const upstreamOf = ({ headers }: Answer): string => String(headers["x-cairn-upstream"]);
const canary = {
  tiers: [
    [
      { ...arm("stable"), weight: 90 },
      { ...arm("canary"), weight: 10 },
    ],
  ],
};

test("a canary of 10 % gets 9 to 11 % of 10,000 conversations by its weight, and over HTTP the very same ones", async () => {
  const [stable, fresh] = [await mock("stable", answer), await mock("canary", answer)];
  await start([stable.settings, fresh.settings], canary);
  const members = ["stable", "canary"].map((name) => ({ name, maxConcurrent: 256, inFlight: 0, mayTry: true }));
  const tier = members.map((member, at) => ({ members: [member], weight: at === 0 ? 90 : 10 }));
  const chosen = (conversation: string): string => {
    const choice = chooseUpstream(tier, { conversation, prefix: "" }, new Set(), () => 0.5);
    return typeof choice === "string" ? choice : choice.name;
  };
  const all = Array.from({ length: 10_000 }, (_, at) => `c-${at}`);
  const share = all.filter((each) => chosen(each) === "canary").length / all.length;
  expect(share).toBeGreaterThan(0.09);
  expect(share).toBeLessThan(0.11);
  const some = all.slice(0, 1000);
  const seen: string[] = [];
  for (let at = 0; at < some.length; at += 50) {
    seen.push(...(await Promise.all(some.slice(at, at + 50).map(say))).map(upstreamOf));
  }
  expect(seen).toEqual(some.map(chosen));
  expect((await Promise.all(some.slice(0, 100).map(say))).map(upstreamOf)).toEqual(seen.slice(0, 100));
});

test("without a conversation the canary gets its share of requests", async () => {
  const [stable, fresh] = [await mock("stable", answer), await mock("canary", answer)];
  await start([stable.settings, fresh.settings], canary);
  for (let at = 0; at < 10; at++) await Promise.all(Array.from({ length: 40 }, () => ask(gateway)));
  // Four standard deviations of 400 rolls.
  expect(Math.abs(fresh.calls.length - 40)).toBeLessThan(24);
});

test("the conversations of a canary that is down are answered by the others and come back when it is up again", async () => {
  const [stable, fresh] = [await mock("stable", answer), await late("canary")];
  await fresh.start();
  await start([stable.settings, fresh.settings], canary);
  await until("both are up", async () => upstreamOf(await say("c-0")) !== "undefined");
  const mine: string[] = [];
  for (let at = 0; mine.length < 5; at++) if (upstreamOf(await say(`c-${at}`)) === "canary") mine.push(`c-${at}`);
  await fresh.stop();
  for (let at = 0; at < 20; at++) {
    const { status, headers } = await say(mine[at % 5]!);
    expect({ status, by: headers["x-cairn-upstream"] }).toEqual({ status: 200, by: "stable" });
  }
  await fresh.start();
  await until("the canary has its own again", async () => upstreamOf(await say(mine[0]!)) === "canary", 8000);
  for (const each of mine) expect(upstreamOf(await say(each))).toBe("canary");
});

test("a breaker opens after failures, probes, and closes when the upstream has recovered; log and counters tell", async () => {
  let works = false;
  const events: string[] = [];
  const times: number[] = [];
  const broken = await mock("only", (response, call) => (works ? answer : fails(500))(response, call));
  const log = {
    ...silentLog,
    warn: (event: string, fields = {}) => {
      events.push(`${event} ${JSON.stringify(fields)}`);
      times.push(performance.now());
    },
  };
  await start([broken.settings], { tiers: [[arm("only")]], maxAttempts: 1 }, { log });
  for (let at = 0; at < 5; at++) expect((await ask(gateway)).status).toBe(502);
  const refused = await ask(gateway);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers["retry-after"])).toBe(1);
  expect(broken.calls).toHaveLength(5);
  expect(await metricOf(gateway, 'cairn_gateway_breaker_state{upstream="only"}')).toBe(2);
  // The first probe fails, and it stays open for twice as long.
  await until("a probe", async () => (await ask(gateway)).status === 502);
  expect(broken.calls).toHaveLength(6);
  works = true;
  await until("an answer", async () => (await ask(gateway)).status === 200);
  await until("it is closed", async () => {
    expect((await ask(gateway)).status).toBe(200);
    return (await metricOf(gateway, 'cairn_gateway_breaker_state{upstream="only"}')) === 0;
  });
  const states = ["open", "half-open", "open", "half-open", "closed"];
  expect(events).toEqual(states.map((state) => `breaker {"upstream":"only","state":"${state}"}`));
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(999);
  expect(times[3]! - times[2]!).toBeGreaterThanOrEqual(1999);
  const changes = (state: string) =>
    metricOf(gateway, `cairn_gateway_breaker_changes_total{upstream="only",state="${state}"}`);
  expect(await Promise.all(["open", "half-open", "closed"].map(changes))).toEqual([2, 2, 1]);
});

test("a conversation keeps its replica while the loads are close, and leaves it when the others have less to do", async () => {
  let release: (() => void)[] = [];
  const holds: Behaviour = (response, call) =>
    new Promise((resolve) => release.push(() => resolve(answer(response, call))));
  const replicas = [await mock("a", holds), await mock("b", holds)];
  await start(
    replicas.map(({ settings }) => settings),
    { tiers: [[arm("a", "b")]] },
  );
  const counts = () => replicas.map(({ calls }) => calls.length).toSorted();
  const asked: Promise<Answer>[] = [];
  for (let at = 1; at <= 8; at++) {
    asked.push(say("one"));
    await until(`${at} requests held`, () => release.length === at);
    // Three at its own, then whoever has fewer as soon as the gap is 3.
    if (at <= 3) expect(counts()).toEqual([0, at]);
  }
  expect(counts()[0]).toBeGreaterThanOrEqual(2);
  expect(counts()[1]! - counts()[0]!).toBeLessThanOrEqual(3);
  for (const each of release) each();
  release = [];
  const names = new Set((await Promise.all(asked)).map(upstreamOf));
  expect(names.size).toBe(2);
});

test("requests alike in their beginning go to one replica, and unlike ones to both", async () => {
  const replicas = [await mock("a", answer), await mock("b", answer)];
  await start(
    replicas.map(({ settings }) => settings),
    { tiers: [[arm("a", "b")]] },
  );
  const prompt = async (system: string, content: string): Promise<string> => {
    const messages = [
      { role: "system", content: system.repeat(600) },
      { role: "user", content },
    ];
    return upstreamOf(await ask(gateway, { body: { messages } }));
  };
  const alike = new Set<string>();
  const unlike = new Set<string>();
  for (let at = 0; at < 12; at++) {
    alike.add(await prompt("x", `question ${at}`));
    unlike.add(await prompt(`${at} `, "question"));
  }
  expect([alike.size, unlike.size]).toEqual([1, 2]);
});
