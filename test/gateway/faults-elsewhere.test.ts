import { expect, test } from "vitest";
import type { ModelSettings } from "../../services/gateway/routing/route-table.ts";
import { attemptsOf, faultRig, MAX_ATTEMPTS, timeoutsFor } from "../helpers/fault-rig.ts";
import { FAULTS, type Fault } from "../helpers/faults.ts";
import { arm, openAi, startGateway, tableOf } from "../helpers/gateway.ts";
import { type Behaviour, DONE, delta, finish, mockUpstream } from "../helpers/mock-upstream.ts";

/** Those that a whole answer of any kind can have. What is a good chat is none of these. */
const WITHOUT_STREAM = FAULTS.filter(({ whole }) => typeof whole === "number");

type Endpoint = {
  readonly path: string;
  readonly kind: ModelSettings["kind"];
  readonly body: object;
  readonly good: object | string;
};
const ENDPOINTS: readonly Endpoint[] = [
  {
    path: "/completions",
    kind: "chat",
    body: { prompt: "Once" },
    good: { choices: [{ text: "upon", finish_reason: "stop" }] },
  },
  { path: "/completions", kind: "chat", body: { prompt: "Once", stream: true }, good: "upon" },
  { path: "/embeddings", kind: "embed", body: { input: "x" }, good: { data: [{ index: 0, embedding: [1, 0] }] } },
  {
    path: "/rerank",
    kind: "rerank",
    body: { query: "x", documents: ["a"] },
    good: { results: [{ index: 0, relevance_score: 1 }] },
  },
];

const rig = faultRig();

const sends =
  (good: object | string): Behaviour =>
  (response) => {
    const text = typeof good === "string" ? delta(good) + finish("stop") + DONE : JSON.stringify(good);
    response.writeHead(200, { "content-type": "application/json" }).end(text);
  };

async function ask(fault: Fault, { path, kind, body, good }: Endpoint, fallback: boolean) {
  const [bad, other] = [await mockUpstream(fault.behave), await mockUpstream(sends(good))];
  const servers = [
    openAi("mock", bad.baseUrl, { model: "m-1", timeouts: timeoutsFor(fault) }),
    openAi("other", other.baseUrl),
  ];
  const used = fallback ? servers : servers.slice(0, 1);
  const model = {
    kind,
    tiers: used.map(({ name }) => [arm(name)]),
    maxAttempts: MAX_ATTEMPTS,
    cache: undefined,
  };
  const gateway = await startGateway({ table: tableOf(servers, model) });
  rig.closedLater(gateway, bad, other);
  const response = await fetch(`${gateway.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "chat", ...body }),
  });
  return { response, text: await response.text(), attempts: await attemptsOf(gateway) };
}

async function expectAnswer(fault: Fault, endpoint: Endpoint, fallback: boolean): Promise<void> {
  const { response, text, attempts } = await ask(fault, endpoint, fallback);
  const streamed = "stream" in endpoint.body;
  const seen = streamed ? fault.streamed : fault.whole;
  expect(text).not.toContain("secret");
  if (seen === "event") {
    expect(response.status).toBe(200);
    expect(text).toContain(`"code":"${fault.outcome}"`);
    expect(text).not.toContain("[DONE]");
  } else if (seen === "whole") {
    expect(response.status).toBe(200);
  } else if (fallback) {
    expect([response.status, response.headers.get("x-cairn-upstream")]).toEqual([200, "other"]);
    if (endpoint.kind === "chat") expect(text).toContain('"text":"upon"');
    expect(attempts).toEqual({ [`mock ${fault.outcome}`]: 1, "other ok": 1 });
  } else {
    expect([response.status, response.headers.get("retry-after") ?? undefined]).toEqual([seen, fault.retryAfter]);
    expect(JSON.parse(text)).toMatchObject({ error: { code: fault.outcome } });
    expect(attempts).toEqual({ [`mock ${fault.outcome}`]: fault.final ? 1 : MAX_ATTEMPTS });
  }
}

test.each(WITHOUT_STREAM)(
  "$name at completions, embeddings and rerank is told as it is, or repaired by the next model server",
  async (fault) => {
    for (const endpoint of ENDPOINTS) {
      await Promise.all([true, false].map((fallback) => expectAnswer(fault, endpoint, fallback)));
    }
    await rig.leavesNothing();
  },
);

test("a sole model server that asks for a rest is left alone, and callers are told for how long", async () => {
  let calls = 0;
  const upstream = await mockUpstream((response) => {
    calls += 1;
    response.writeHead(429, { "retry-after": "30" }).end();
  });
  const gateway = await startGateway({
    table: tableOf([openAi("mock", upstream.baseUrl, { model: "m" })], { tiers: [[arm("mock")]] }),
  });
  rig.closedLater(gateway, upstream);
  const again = (): Promise<Response> =>
    fetch(`${gateway.url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "chat", messages: [{ role: "user", content: "Hello" }] }),
    });
  const first = await again();
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "30"]);
  const second = await again();
  expect(second.status).toBe(503);
  expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(20);
  expect(Number(second.headers.get("retry-after"))).toBeLessThanOrEqual(30);
  expect(calls).toBe(1);
});

test("the caller's trace goes on at the model server, and what is no trace does not", async () => {
  const upstream = await mockUpstream(sends({ choices: [{ message: { content: "x" }, text: "x" }] }));
  const gateway = await startGateway({
    table: tableOf([openAi("mock", upstream.baseUrl, { model: "m" })], { tiers: [[arm("mock")]] }),
  });
  rig.closedLater(gateway, upstream);
  const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  for (const [path, body] of [
    ["/chat/completions", { messages: [{ role: "user", content: "Hello" }] }],
    ["/completions", { prompt: "Hello" }],
  ] as const) {
    for (const traceparent of [trace, "x-y\u00e9", undefined]) {
      const headers = { "content-type": "application/json", ...(traceparent !== undefined && { traceparent }) };
      const sent = JSON.stringify({ model: "chat", ...body });
      expect((await fetch(`${gateway.url}${path}`, { method: "POST", headers, body: sent })).status).toBe(200);
      expect(upstream.calls.at(-1)!.headers.traceparent).toBe(traceparent === trace ? trace : undefined);
    }
  }
});
