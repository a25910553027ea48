import { afterEach, expect, test } from "vitest";
import type { ModelSettings } from "../../services/gateway/routing/route-table.ts";
import { type Answer, type Asking, ask, metricOf, until } from "../helpers/ask.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import {
  type Behaviour,
  DONE,
  delta,
  fails,
  finish,
  type MockUpstream,
  mockUpstream,
  resets,
  stalls,
  streams,
  usage,
} from "../helpers/mock-upstream.ts";

let upstream: MockUpstream;
let gateway: TestGateway;

const answer = streams(
  delta("Hello "),
  delta("你好"),
  finish("length"),
  usage({ prompt_tokens: 3, completion_tokens: 2 }),
  DONE,
);

async function start(behave: Behaviour, model: Partial<ModelSettings> = {}): Promise<void> {
  upstream = await mockUpstream(behave);
  const cache = { ttlMs: 60_000, maxBytes: 100_000 };
  const settings = { tiers: [[arm("mock")]], maxAttempts: 1, cache, ...model };
  gateway = await startGateway({ table: tableOf([openAi("mock", upstream.baseUrl, { model: "m-1" })], settings) });
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const exact = (body: object = {}, more: Asking = {}): Promise<Answer> =>
  ask(gateway, { ...more, body: { temperature: 0, ...body } });
const cacheOf = ({ headers }: Answer) => headers["x-cairn-cache"];
const withoutIds = (text: string): string => text.replaceAll(/"id":"[^"]+"/g, '"id":""');

/** The words of a stream, and everything else that it says. */
function readStream(text: string): { words: string; rest: unknown[] } {
  const events = text.split("\n\n").filter((event) => event.startsWith("data: {"));
  const chunks = events.map((event) => JSON.parse(event.slice(6)));
  const words = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
  return { words, rest: [chunks.at(-2)?.choices[0], chunks.at(-1)?.usage, text.endsWith(DONE)] };
}

test("a question asked again is answered alike but for its id, without a model server", async () => {
  await start(answer);
  const [first, second] = [await exact(), await exact()];
  expect([first, second].map(cacheOf)).toEqual([undefined, "hit"]);
  expect(withoutIds(second.text)).toBe(withoutIds(first.text));
  expect(JSON.parse(second.text).id).not.toBe(JSON.parse(first.text).id);
  expect(upstream.calls).toHaveLength(1);
  // Who gets it is told who made it, and that nobody was asked.
  expect(second.headers["x-cairn-upstream"]).toBe("mock");
  expect(second.headers["x-cairn-attempts"]).toBeUndefined();
  // What nobody computed costs nobody anything.
  expect(await metricOf(gateway, 'cairn_gateway_tokens_total{model="chat",kind="prompt"}')).toBe(3);
});

test("a stream is kept, too, and answers both those who stream and those who do not", async () => {
  await start(answer);
  const asked = { stream: true, stream_options: { include_usage: true } };
  const [first, second] = [await exact(asked), await exact(asked)];
  expect(cacheOf(second)).toBe("hit");
  expect(readStream(second.text)).toEqual(readStream(first.text));
  expect(readStream(second.text).words).toBe("Hello 你好");
  const whole = await exact();
  expect(cacheOf(whole)).toBe("hit");
  expect(JSON.parse(whole.text)).toMatchObject({
    choices: [{ message: { content: "Hello 你好" }, finish_reason: "length" }],
    usage: { total_tokens: 5 },
  });
  expect(upstream.calls).toHaveLength(1);
});

test("a route that does not ask for it keeps nothing", async () => {
  await start(answer, { cache: undefined });
  expect([await exact(), await exact()].map(cacheOf)).toEqual([undefined, undefined]);
  expect(upstream.calls).toHaveLength(2);
});

test("only what leaves nothing to chance is kept: a temperature of 0 or a seed", async () => {
  await start(answer);
  for (const body of [{ temperature: 0.5 }, { temperature: undefined }]) {
    expect([await exact(body), await exact(body)].map(cacheOf)).toEqual([undefined, undefined]);
  }
  const seeded = { temperature: 0.5, seed: 1 };
  expect([await exact(seeded), await exact(seeded)].map(cacheOf)).toEqual([undefined, "hit"]);
  expect(cacheOf(await exact({ ...seeded, seed: 2 }))).toBeUndefined();
});

test("answers are kept apart by tenant, by scope and by everything that is asked", async () => {
  await start(answer);
  const headers = { "x-cairn-tenant": "a", "x-cairn-cache-scope": "release-1" };
  await exact({}, { headers });
  expect(cacheOf(await exact({}, { headers }))).toBe("hit");
  const others: [object, Asking][] = [
    [{}, { headers: { ...headers, "x-cairn-tenant": "b" } }],
    [{}, { headers: { ...headers, "x-cairn-cache-scope": "release-2" } }],
    [{}, { headers: { "x-cairn-tenant": "a" } }],
    [{ max_tokens: 5 }, { headers }],
    [{ top_p: 0.5 }, { headers }],
    [{ stop: "x" }, { headers }],
    [{ messages: [{ role: "user", content: "Hi!" }] }, { headers }],
    [{ messages: [{ role: "system", content: "Hi" }] }, { headers }],
  ];
  for (const [body, more] of others)
    expect(cacheOf(await exact(body, more)), JSON.stringify([body, more])).toBeUndefined();
  // A text to go on from is no chat.
  const completion = await ask(gateway, { path: "/completions", headers, body: { prompt: "Hi", temperature: 0 } });
  expect(cacheOf(completion)).toBeUndefined();
  expect(upstream.calls).toHaveLength(10);
});

test("what is too large for the cache is answered, and not kept", async () => {
  await start(streams(delta("x".repeat(60_000)), finish("stop"), DONE));
  expect([await exact(), await exact()].map(cacheOf)).toEqual([undefined, undefined]);
});

test("a reload with other settings or another model server forgets what was kept", async () => {
  await start(answer);
  await exact();
  const cache = { ttlMs: 60_000, maxBytes: 100_000 };
  const tableFor = (model: string) =>
    tableOf([openAi("mock", upstream.baseUrl, { model })], { tiers: [[arm("mock")]], maxAttempts: 1, cache });
  gateway.gateway.apply(tableFor("m-1"));
  expect(cacheOf(await exact())).toBe("hit");
  gateway.gateway.apply(tableFor("m-2"));
  expect(cacheOf(await exact())).toBeUndefined();
});

test.each<[string, boolean, Behaviour]>([
  ["a failure", false, fails(500)],
  ["a refusal", true, fails(400)],
  ["an answer that breaks off", true, resets(delta("Half an "))],
  ["an answer that ends early", true, streams(delta("Half an "))],
])("%s is not kept (stream: %s)", async (_, stream, behave) => {
  let calls = 0;
  await start((response, call) => (calls++ === 0 ? behave : answer)(response, call));
  await exact({ stream });
  const next = await exact({ stream });
  expect(next.status).toBe(200);
  expect(cacheOf(next)).toBeUndefined();
  expect(cacheOf(await exact({ stream }))).toBe("hit");
});

test("an answer whose reader left is not kept", async () => {
  let calls = 0;
  await start((response, call) => (calls++ === 0 ? stalls(delta("Half an ")) : answer)(response, call));
  const leave = new AbortController();
  const left = exact({ stream: true }, { signal: leave.signal }).catch(() => "left");
  await until("it is there", () => upstream.calls.length === 1);
  leave.abort();
  expect(await left).toBe("left");
  const next = await exact({ stream: true });
  expect(cacheOf(next)).toBeUndefined();
  expect(readStream(next.text).words).toBe("Hello 你好");
});
