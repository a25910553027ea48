import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Timeouts } from "../../services/gateway/routing/route-table.ts";
import { contentOf } from "../helpers/content-of.ts";
import { attemptsOf, faultRig, MAX_ATTEMPTS, SHORT_TIMEOUTS, timeoutsFor } from "../helpers/fault-rig.ts";
import { FAULTS, type Fault, type Seen, TEXT } from "../helpers/faults.ts";
import { arm, openAi, post, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import { DONE, delta, finish, mockUpstream, streams } from "../helpers/mock-upstream.ts";

const EXTRACTED = "The gateway listens on port 8081. [1]";

const FORMS = [true, false].flatMap((stream) => [true, false].map((fallback) => ({ stream, fallback })));

const rig = faultRig();

async function gatewayTo(
  baseUrl: string,
  fallback: boolean,
  limits: Timeouts = SHORT_TIMEOUTS,
  maxAttempts = MAX_ATTEMPTS,
): Promise<TestGateway> {
  const mock = openAi("mock", baseUrl, { model: "m-1", apiKey: "k", timeouts: limits });
  const servers = fallback ? [mock, { kind: "embedded", name: "extractive", maxConcurrent: 8 } as const] : [mock];
  const model = { tiers: servers.map(({ name }) => [arm(name)]), maxAttempts };
  const gateway = await startGateway({ table: tableOf(servers, model) });
  rig.closedLater(gateway);
  return gateway;
}

function expectFailure(headers: Headers, body: string, fault: Fault): void {
  expect(headers.get("content-type")).toBe("application/json");
  expect(JSON.parse(body)).toMatchObject({ error: { code: fault.outcome } });
  expect(headers.get("retry-after") ?? undefined).toBe(fault.retryAfter);
}

function expectErrorEvent(body: string, fault: Fault): void {
  const events = body.split("\n\n").filter((block) => block.startsWith("data: "));
  expect(contentOf(body)).toBe("Half an ");
  expect(JSON.parse(events.at(-1)!.slice(6))).toMatchObject({ error: { code: fault.outcome, param: null } });
  expect(body).not.toContain("[DONE]");
  expect(body).not.toContain('"finish_reason":"stop"');
}

/** What the counter must say after one request. */
function expectedAttempts(seen: Seen, fault: Fault, fallback: boolean): Record<string, number> {
  if (seen === "whole" || seen === "event") return { "mock ok": 1 };
  const failed = `mock ${fault.outcome}`;
  return fallback ? { [failed]: 1, "extractive ok": 1 } : { [failed]: fault.final ? 1 : MAX_ATTEMPTS };
}

async function expectAnswer(gateway: TestGateway, fault: Fault, stream: boolean, fallback: boolean): Promise<void> {
  const seen = stream ? fault.streamed : fault.whole;
  const response = await post(gateway, { stream });
  const body = await response.text();
  expect(body).not.toContain("secret");
  if (typeof seen === "number" && !fallback) {
    expect(response.status).toBe(seen);
    return expectFailure(response.headers, body, fault);
  }
  const repaired = typeof seen === "number";
  expect(response.status).toBe(200);
  expect(response.headers.get("x-cairn-upstream")).toBe(repaired ? "extractive" : "mock");
  expect(response.headers.get("x-cairn-attempts")).toBe(repaired ? "2" : "1");
  if (seen === "event") return expectErrorEvent(body, fault);
  expect(contentOf(body)).toBe(repaired ? EXTRACTED : TEXT);
  expect(body).toContain('"finish_reason":"stop"');
  expect(body.endsWith("data: [DONE]\n\n")).toBe(stream);
}

test.each(FAULTS)(
  "$name is told as it is, or repaired by the next model server while nothing has been sent",
  async (fault) => {
    const upstream = await mockUpstream(fault.behave);
    rig.closedLater(upstream);
    const answers = FORMS.map(async ({ stream, fallback }) => {
      const gateway = await gatewayTo(upstream.baseUrl, fallback, timeoutsFor(fault));
      await expectAnswer(gateway, fault, stream, fallback);
      const expected = expectedAttempts(stream ? fault.streamed : fault.whole, fault, fallback);
      expect(await attemptsOf(gateway)).toEqual(expected);
      expect(await gateway.metrics.registry.metrics()).toContain('cairn_gateway_demand{model="chat"} 0');
    });
    await Promise.all(answers);
    await rig.leavesNothing();
  },
);

test("a model server has so long for its headers and so long for its first token", async () => {
  const upstream = await mockUpstream(async (response, { body }) => {
    if (body.seed !== 1) return;
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    await sleep(1100);
    response.end(delta("Late.") + finish("stop") + DONE);
  });
  rig.closedLater(upstream);
  const gateway = await gatewayTo(
    upstream.baseUrl,
    false,
    { ...SHORT_TIMEOUTS, firstTokenMs: 8000, totalMs: 10_000 },
    1,
  );
  const begun = performance.now();
  expect((await post(gateway, { stream: true })).status).toBe(504);
  expect(performance.now() - begun).toBeLessThan(7000);
  expect(contentOf(await (await post(gateway, { stream: true, seed: 1 })).text())).toBe("Late.");
});

test.each(["length", "content_filter"])(
  "the finish reason %s reaches the caller, streamed and whole",
  async (reason) => {
    const upstream = await mockUpstream(streams(delta("Enough."), finish(reason)));
    rig.closedLater(upstream);
    const gateway = await gatewayTo(upstream.baseUrl, true);
    for (const stream of [true, false]) {
      const body = await (await post(gateway, { stream })).text();
      expect(contentOf(body)).toBe("Enough.");
      expect(body).toContain(`"finish_reason":"${reason}"`);
    }
  },
);

test.each([true, false])(
  "a model server that refuses connections is a failure, or the next one's work (stream: %s)",
  async (stream) => {
    const closed = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => closed.once("listening", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    for (const fallback of [true, false]) {
      const gateway = await gatewayTo(`http://127.0.0.1:${port}/v1`, fallback);
      const response = await post(gateway, { stream });
      const body = await response.text();
      // 502 of a try, or 503 where a probe has found out first.
      if (fallback) expect(contentOf(body)).toBe(EXTRACTED);
      else expect([502, 503]).toContain(response.status);
      expect(body).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/);
    }
    await rig.leavesNothing();
  },
);
