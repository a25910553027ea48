import { afterEach, expect, test } from "vitest";
import { contentOf } from "../helpers/content-of.ts";
import { post, type TestGateway, testGateway } from "../helpers/gateway.ts";
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

let upstream: MockUpstream;
let gateway: TestGateway;

async function start(behave: Behaviour, options?: Parameters<typeof testGateway>[1]): Promise<void> {
  upstream = await mockUpstream(behave);
  gateway = await testGateway(upstream.baseUrl, options);
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const short = { firstTokenMs: 100, idleMs: 100 };

test.each<[string, Behaviour]>([
  ["429", fails(429)],
  ["500", fails(500)],
  ["401 of a misconfigured upstream", fails(401)],
  ["404 of a misconfigured upstream", fails(404)],
  ["an event that is no JSON", streams("data: {nonsense\n\n")],
  ["a reset before the first token", resets()],
  ["silence before the first token", stalls(": waiting\n\n")],
])("%s makes the extractive model answer instead", async (_, behave) => {
  await start(behave, { limits: short });
  const response = await post(gateway, { stream: true });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-cairn-upstream")).toBe("extractive");
  expect(response.headers.get("x-cairn-model")).toBe("cairn-extractive");
  expect(response.headers.get("x-cairn-attempts")).toBe("2");
  expect(contentOf(await response.text())).toBe("The gateway listens on port 8081. [1]");
});

test.each([true, false])(
  "a 400 goes back to the caller in our words and is not tried elsewhere (stream: %s)",
  async (stream) => {
    await start(fails(400, { error: { code: "context_length_exceeded", message: "org-123 maximum context length" } }));
    const response = await post(gateway, { stream });
    const { error } = (await response.json()) as { error: { code: string; param: string; message: string } };
    expect(response.status).toBe(400);
    expect(error).toMatchObject({ code: "invalid_request", param: "messages" });
    expect(error.message).not.toContain("org-123");
  },
);

test("when every upstream fails, the caller gets the last failure with its Retry-After and without its text", async () => {
  await start(fails(429, { error: { message: "secret upstream words" } }, { "retry-after": "7" }), { alone: true });
  const response = await post(gateway);
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("7");
  expect(await response.text()).not.toContain("secret");
});

test.each<[string, Behaviour]>([
  ["a reset", resets(delta("Half an "))],
  ["a stall", stalls(delta("Half an "))],
  ["an early end", streams(delta("Half an "))],
  ["invalid JSON", streams(delta("Half an "), "data: {oops\n\n")],
  ["a reported error", streams(delta("Half an "), 'data: {"error":{"message":"secret"}}\n\n')],
  ["an endless line", streams(delta("Half an "), `data: ${"x".repeat(1_100_000)}`)],
])("%s in mid-answer ends the stream with an error event, no [DONE] and no second upstream", async (_, behave) => {
  await start(behave, { limits: { ...short, firstTokenMs: 1000 } });
  const response = await post(gateway, { stream: true });
  const text = await response.text();
  const events = text.split("\n\n").filter((line) => line.startsWith("data: "));
  expect(response.headers.get("x-cairn-upstream")).toBe("mock");
  expect(text).toContain("Half an ");
  expect(events.at(-1)).toMatch(/"code":"upstream_(failed|timeout)"/);
  expect(text).not.toContain("[DONE]");
  expect(text).not.toMatch(/secret|port 8081/);
});

test("an answer that breaks off for a caller that does not stream is given by the next upstream, if there is one", async () => {
  await start(resets(delta("Half an ")));
  const response = await post(gateway);
  expect(response.headers.get("x-cairn-upstream")).toBe("extractive");
  await gateway.close();
  gateway = await testGateway(upstream.baseUrl, { alone: true });
  expect((await post(gateway)).status).toBe(502);
});

test("attempts are counted by upstream and outcome, and the demand is zero again", async () => {
  await start(fails(500));
  await (await post(gateway, { stream: true })).text();
  const text = await gateway.metrics.registry.metrics();
  expect(text).toContain('cairn_gateway_attempts_total{upstream="mock",outcome="upstream_failed"} 1');
  expect(text).toContain('cairn_gateway_attempts_total{upstream="extractive",outcome="ok"} 1');
  expect(text).toContain('cairn_gateway_demand{model="chat"} 0');
});

test.each([true, false])("the upstream is closed as soon as the client left (stream: %s)", async (stream) => {
  await start(stalls(delta("Half an ")));
  const leave = new AbortController();
  const response = post(gateway, { stream }, leave.signal);
  if (stream) await (await response).body!.getReader().read();
  await expect.poll(() => upstream.calls.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const left = performance.now();
  leave.abort();
  await response.catch(() => undefined);
  await expect.poll(() => upstream.calls[0]!.closedAt, { interval: 5 }).toBeDefined();
  // Milliseconds in fact; a loaded machine needs more before this may fail.
  expect(upstream.calls[0]!.closedAt! - left).toBeLessThan(1000);
});

test("a client that leaves before the first token is not answered by the next upstream", async () => {
  await start(stalls());
  const leave = new AbortController();
  const response = post(gateway, {}, leave.signal).catch(() => undefined);
  await expect.poll(() => upstream.calls.length).toBe(1);
  leave.abort();
  await response;
  await expect.poll(() => gateway.metrics.registry.metrics()).toContain('{upstream="mock",outcome="aborted"} 1');
  expect(await gateway.metrics.registry.metrics()).not.toContain('attempts_total{upstream="extractive"');
});

test("an upstream that does not close after its finish reason does not hold the answer back", async () => {
  await start(stalls(delta("Whole."), finish("stop")));
  const text = await (await post(gateway, { stream: true })).text();
  expect(text).toContain("Whole.");
  expect(text.endsWith(DONE)).toBe(true);
});
