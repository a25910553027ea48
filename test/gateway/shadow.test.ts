import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import type { ModelSettings } from "../../services/gateway/routing/route-table.ts";
import { type Answer, ask, metricOf, until } from "../helpers/ask.ts";
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
} from "../helpers/mock-upstream.ts";

let real: MockUpstream;
let shadow: MockUpstream;
let gateway: TestGateway;

const answer = streams(delta("Hello "), delta("world"), finish("stop"), DONE);
const other = streams(delta("Bye"), finish("stop"), DONE);

async function start(behave: Behaviour, shadowed: Behaviour, model: Partial<ModelSettings> = {}, places = 256) {
  real = await mockUpstream(behave);
  shadow = await mockUpstream(shadowed);
  const servers = [
    openAi("real", real.baseUrl, { model: "m-1" }),
    openAi("shadow", shadow.baseUrl, { model: "m-2", maxConcurrent: places }),
  ];
  const settings = { tiers: [[arm("real")]], shadow: { upstream: "shadow", share: 1 }, ...model };
  const { models, ...table } = tableOf(servers, settings);
  // The shadow serves readers of its own, too.
  const own = { ...models.get("chat")!, alias: "own", tiers: [[arm("shadow")]], shadow: undefined };
  gateway = await startGateway({ table: { ...table, models: new Map([...models, ["own", own]]) } });
}

afterEach(async () => {
  await gateway.close();
  await real.close();
  await shadow.close();
});

const counted = (outcome: string): Promise<number> =>
  metricOf(gateway, `cairn_gateway_shadow_total{upstream="shadow",outcome="${outcome}"}`);
const withoutIds = (text: string): string => text.replaceAll(/"id":"[^"]+"/g, '"id":""');

const shadows: [string, Behaviour, string | undefined][] = [
  ["says the same", answer, "same"],
  ["says something else", other, "different"],
  ["fails", fails(500), "failed"],
  ["breaks off", resets(delta("Hello ")), "failed"],
  ["is slow", async (response, call) => sleep(400).then(() => answer(response, call)), "same"],
  ["hangs", stalls(), undefined],
];

test.each(shadows)("a shadow that %s changes no byte of an answer and delays none", async (_, shadowed, outcome) => {
  await start(answer, shadowed, { shadow: undefined });
  const expected = [await ask(gateway, { body: { stream: true } }), await ask(gateway)];
  await gateway.close();
  await real.close();
  await shadow.close();
  await start(answer, shadowed);
  const answers: Answer[] = [];
  for (const body of [{ stream: true }, {}, { stream: true }, {}]) answers.push(await ask(gateway, { body }));
  for (const [at, each] of answers.entries()) {
    expect(each.status).toBe(200);
    expect(withoutIds(each.text)).toBe(withoutIds(expected[at % 2]!.text));
    expect(each.headers["x-cairn-upstream"]).toBe("real");
    expect(Object.keys(each.headers)).toEqual(Object.keys(expected[at % 2]!.headers));
  }
  // The slow one takes 400 ms, the hanging one for ever.
  expect(Math.min(...answers.map(({ ms }) => ms))).toBeLessThan(200);
  await until("the shadow is asked", () => shadow.calls.length === 4);
  if (outcome) await until("all are counted", async () => (await counted(outcome)) === 4);
  else expect(await Promise.all(["same", "different", "failed", "skipped"].map(counted))).toEqual([0, 0, 0, 0]);
  expect(await metricOf(gateway, 'cairn_gateway_demand{model="chat"}')).toBe(0);
  expect(shadow.calls[0]!.body).toEqual({ ...real.calls[1]!.body, model: "m-2" });
});

test("a part of the requests is copied, by the share of the route", async () => {
  await start(answer, answer, { shadow: { upstream: "shadow", share: 0.25 } });
  for (let at = 0; at < 60; at++) await Promise.all(Array.from({ length: 5 }, () => ask(gateway)));
  const copied = async (): Promise<number> => (await counted("same")) + (await counted("skipped"));
  // Four standard deviations of 300 rolls.
  expect(Math.abs((await copied()) - 75)).toBeLessThan(30);
});

test("a hanging shadow gets only so many at once, the others are skipped", async () => {
  await start(answer, stalls());
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(gateway)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  await until("the rest is skipped", async () => (await counted("skipped")) === 32);
  expect(shadow.calls).toHaveLength(8);
});

test("an answer that breaks off is not held against the shadow, and one that nobody waits for is not either", async () => {
  await start(resets(delta("Hello ")), answer);
  expect((await ask(gateway, { body: { stream: true } })).text).toContain('"code":"upstream_failed"');
  await until("it is skipped", async () => (await counted("skipped")) === 1);
  expect((await ask(gateway)).status).toBe(502);
  expect(await Promise.all(["same", "different", "failed"].map(counted))).toEqual([0, 0, 0]);
  expect(shadow.calls).toHaveLength(1);
});

test("copies leave a place to the readers of the shadow's own, and those that wait get it when a copy is done", async () => {
  let release: (() => void)[] = [];
  const holds: Behaviour = (response, call) =>
    new Promise((resolve) => release.push(() => resolve(answer(response, call))));
  await start(answer, holds, {}, 1);
  expect((await ask(gateway)).status).toBe(200);
  await until("the copy is there", () => release.length === 1);
  const own = ask(gateway, { body: { model: "own" } });
  await until("its reader waits", async () => (await metricOf(gateway, 'cairn_gateway_queued{model="own"}')) === 1);
  expect((await ask(gateway)).status).toBe(200);
  expect(await counted("skipped")).toBe(1);
  release.shift()!();
  await until("its reader is served", () => release.length === 1);
  release.shift()!();
  expect((await own).status).toBe(200);
  release = [];
});

test("the same words in other pieces are the same", async () => {
  await start(answer, streams(delta("Hello world"), finish("stop"), DONE));
  await ask(gateway, { body: { stream: true } });
  await until("it is counted", async () => (await counted("same")) === 1);
});
