import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { DEFAULT_TIMEOUTS } from "../../services/gateway/routing/default-routes.ts";
import type { ModelSettings } from "../../services/gateway/routing/route-table.ts";
import { type Answer, type Asking, ask, metricOf, until } from "../helpers/ask.ts";
import { embeddingsOf, embeds, sendJson, textsOf, vectorOf } from "../helpers/embedding-server.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { type Behaviour, type MockUpstream, mockUpstream } from "../helpers/mock-upstream.ts";

let upstreams: MockUpstream[];
let gateway: TestGateway;

/** Upstreams `tei-1`, `tei-2` … of one tier. */
async function start(behaviours: readonly Behaviour[], model: Partial<ModelSettings> = {}): Promise<void> {
  upstreams = await Promise.all(behaviours.map((behave) => mockUpstream(behave)));
  const timeouts = { ...DEFAULT_TIMEOUTS, headersMs: 2000 };
  const servers = upstreams.map(({ baseUrl }, at) => openAi(`tei-${at + 1}`, baseUrl, { model: "bge", timeouts }));
  const tiers = [[arm(...servers.map(({ name }) => name))]];
  gateway = await startGateway({ table: tableOf(servers, { alias: "embed", kind: "embed", tiers, ...model }) });
}

afterEach(async () => {
  await gateway.close();
  for (const upstream of upstreams) await upstream.close();
});

const embed = (input: string | string[], more: Asking = {}): Promise<Answer> =>
  ask(gateway, { ...more, path: "/embeddings", body: { model: "embed", input } });
const vectorsOf = ({ text }: Answer): number[][] =>
  JSON.parse(text).data.map(({ embedding }: { embedding: number[] }) => embedding);
const tokensOf = ({ text }: Answer): number => JSON.parse(text).usage.prompt_tokens;
const calls = () => upstreams.flatMap((upstream) => upstream.calls);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** While it runs, what comes is put together. */
async function occupied(): Promise<Promise<Answer>> {
  const first = embed("first");
  await until("the first call", () => calls().length === 1);
  return first;
}

test("requests that come together are a few calls of at most 32 texts, and each gets its own vectors", async () => {
  await start([embeds(50)]);
  const inputs = Array.from({ length: 200 }, (_, at) =>
    at % 10 === 0 ? [`${at}a`, `${at}b`, `${at}c`] : [`text ${at}`],
  );
  const answers = await Promise.all(inputs.map((input) => embed(input)));
  for (const [at, answer] of answers.entries()) {
    expect(vectorsOf(answer)).toEqual(inputs[at]!.map((text) => vectorOf(text)));
    expect(tokensOf(answer)).toBeGreaterThan(0);
  }
  const batches = calls().map((call) => textsOf(call));
  expect(Math.max(...batches.map((texts) => texts.length))).toBeLessThanOrEqual(32);
  expect(batches.length).toBeLessThan(60);
  expect(batches.flat().toSorted()).toEqual(inputs.flat().toSorted());
  // Shares of a batch add up to what the server counted.
  expect(sum(answers.map(tokensOf))).toBe(sum(batches.map((texts) => texts.join("").length)));
});

test("a request that comes alone does not wait for others, and nobody waits long for a batch to fill", async () => {
  await start([embeds(1000)]);
  const first = await occupied();
  const started = performance.now();
  const second = embed("second");
  await until("the second call", () => calls().length === 2);
  // 5 ms of them are the window; the rest is for a loaded machine. To wait for the first would take all of its second.
  expect(performance.now() - started).toBeLessThan(900);
  expect(vectorsOf(await second)).toEqual([vectorOf("second")]);
  await first;
});

test("many texts of one request are several calls, put together again in order", async () => {
  await start([embeds()]);
  const input = Array.from({ length: 100 }, (_, at) => `number ${at}`);
  expect(vectorsOf(await embed(input))).toEqual(input.map((text) => vectorOf(text)));
  expect(
    calls()
      .map((call) => textsOf(call).length)
      .toSorted((a, b) => a - b),
  ).toEqual([4, 32, 32, 32]);
});

test("tenants, priorities and dimensions are never in one batch", async () => {
  await start([embeds(30)]);
  const first = await occupied();
  await Promise.all([
    first,
    embed("a"),
    embed("b", { headers: { "x-cairn-tenant": "other" } }),
    embed("c", { headers: { "x-cairn-priority": "batch" } }),
    ask(gateway, { path: "/embeddings", body: { model: "embed", input: "d", dimensions: 8 } }),
    embed("e"),
  ]);
  const batches = calls().map((call) => textsOf(call).join(" "));
  expect(batches.filter((texts) => /[bcd]/.test(texts)).toSorted()).toEqual(["b", "c", "d"]);
});

test("a text that is refused gives its sender alone the error, in our words", async () => {
  await start([embeds(30)]);
  // On a loaded machine they may come too far apart to be in one batch.
  for (let rounds = 0; !calls().some((call) => textsOf(call).length > 2 && textsOf(call).includes("bad")); rounds++) {
    expect(rounds).toBeLessThan(50);
    const answers = await Promise.all([embed("first"), embed("a"), embed(["x", "bad"]), embed("b"), embed("c")]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 200, 200]);
    expect(answers[2]!.text).toContain('"code":"invalid_request"');
    expect(answers[2]!.text).not.toContain("secret");
    expect(vectorsOf(answers[4]!)).toEqual([vectorOf("c")]);
  }
});

test("a model server that fails gives all of its batch the error, without asking it for each anew", async () => {
  const works = embeds(100);
  await start(
    [(response, call) => (textsOf(call)[0] === "first" ? works(response, call) : sendJson(response, {}, 500))],
    {
      maxAttempts: 1,
    },
  );
  const first = await occupied();
  const answers = await Promise.all([embed("a"), embed("b"), embed("c")]);
  expect(answers.map(({ status }) => status)).toEqual([502, 502, 502]);
  expect(calls().flatMap(textsOf).toSorted()).toEqual(["a", "b", "c", "first"]);
  await first;
});

test("one caller who leaves a batch does not disturb the others", async () => {
  await start([embeds(100)]);
  const first = await occupied();
  const leave = new AbortController();
  const gone = embed("gone", { signal: leave.signal }).catch(() => "left");
  const stays = embed("stays");
  await until("the batch", () => calls().length >= 2);
  leave.abort();
  expect(await gone).toBe("left");
  expect(vectorsOf(await stays)).toEqual([vectorOf("stays")]);
  await first;
  await until("nothing runs", async () => (await metricOf(gateway, 'cairn_gateway_demand{model="embed"}')) === 0);
});

test("when all callers of a batch have left, the model server is told", async () => {
  await start([embeds(5000)]);
  const leave = new AbortController();
  const all = ["first", "a", "b"].map((text) => embed(text, { signal: leave.signal }).catch(() => "left"));
  await until("all texts at the server", () => calls().flatMap(textsOf).length === 3);
  leave.abort();
  const left = performance.now();
  expect(await Promise.all(all)).toEqual(["left", "left", "left"]);
  await until("all calls closed", () => calls().every(({ closedAt }) => closedAt !== undefined));
  expect(performance.now() - left).toBeLessThan(4000);
  expect(await metricOf(gateway, 'cairn_gateway_demand{model="embed"}')).toBe(0);
});

test("a second upstream is asked after the hedge's time; the first answer counts, and the loser is aborted and not blamed", async () => {
  let slow = 0;
  const oneIsSlow: Behaviour = async (response, call) => {
    // Whoever is asked first is the slow one.
    if (slow++ % 2 === 0) await sleep(1500);
    if (!response.destroyed) sendJson(response, embeddingsOf(textsOf(call)));
  };
  await start([oneIsSlow, oneIsSlow], { hedgeAfterMs: 50 });
  for (let at = 0; at < 8; at++) {
    const { status, headers, ms } = await embed(`text ${at}`);
    expect(status).toBe(200);
    expect(headers["x-cairn-attempts"]).toBe("2");
    expect(ms).toBeGreaterThan(45);
    expect(ms).toBeLessThan(1200);
  }
  await until("the losers closed", () => calls().every(({ closedAt }) => closedAt !== undefined));
  const text = await gateway.metrics.registry.metrics();
  expect(text).not.toMatch(/breaker_changes_total\{/);
  expect(text).not.toContain('outcome="upstream');
  expect(text.match(/attempts_total\{upstream="tei-\d",outcome="aborted"\} (\d+)/g)?.length).toBeGreaterThan(0);
  expect(await metricOf(gateway, 'cairn_gateway_demand{model="embed"}')).toBe(0);
});

test("no second upstream is asked while the first is quick, and its failure does not become the answer", async () => {
  await start([embeds(), embeds()], { hedgeAfterMs: 1000 });
  await embed("quick");
  expect(calls()).toHaveLength(1);
  await gateway.close();
  for (const upstream of upstreams) await upstream.close();
  let asked = 0;
  const second: Behaviour = async (response, call) => {
    if (asked++ > 0) return sendJson(response, {}, 500);
    await embeds(300)(response, call);
  };
  await start([second, second], { hedgeAfterMs: 30, maxAttempts: 1 });
  expect(vectorsOf(await embed("slow but right"))).toEqual([vectorOf("slow but right")]);
  expect(calls()).toHaveLength(2);
});

test("hedges are paid out of the retry budget", async () => {
  await start([embeds(40), embeds(40)], { hedgeAfterMs: 10 });
  for (let at = 0; at < 30; at++) await embed(`text ${at}`);
  expect(calls().length).toBeLessThanOrEqual(30 * 1.1 + 10 + 5);
});
