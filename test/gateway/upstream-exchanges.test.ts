import { expect, test } from "vitest";
import { createDeadlines } from "../../services/gateway/upstreams/deadlines.ts";
import { openStream } from "../../services/gateway/upstreams/openai-stream.ts";
import { ping } from "../../services/gateway/upstreams/ping.ts";
import type { Receiver, Transport } from "../../services/gateway/upstreams/transport.ts";
import { WholeBody } from "../../services/gateway/upstreams/whole-body.ts";
import { DONE, delta, finish } from "../helpers/mock-upstream.ts";

/** A transport of one exchange, which the test answers. */
function scripted() {
  const told: string[] = [];
  let receiver: Receiver | undefined;
  const say = (word: string) => (): void => void told.push(word);
  const transport: Transport = {
    send(_, given) {
      receiver = given;
      given.onStart({ pause: say("pause"), resume: say("resume"), abort: say("abort") });
    },
    close: async () => {},
  };
  return { transport, told, receiver: (): Receiver => receiver! };
}

const ask = { path: "/", method: "POST", body: "{}", traceparent: undefined, totalMs: 60_000 } as const;
const limits = { connectMs: 60_000, headersMs: 60_000, firstTokenMs: 60_000, idleMs: 60_000, totalMs: 60_000 };

test("a probe that has its answer leaves the connection to whoever has it next", async () => {
  const { transport, told, receiver } = scripted();
  const stopping = new AbortController();
  const pinged = ping(transport, { ...ask, body: undefined, method: "GET" }, stopping.signal);
  receiver().onHead(200, undefined);
  receiver().onEnd();
  stopping.abort(new Error("stopped"));
  await pinged;
  expect(told).toEqual([]);
});

test("a reader who leaves a whole answer that was held back does not leave its connection held back", async () => {
  const { transport, told, receiver } = scripted();
  const { signal } = new AbortController();
  const opened = openStream(transport, createDeadlines(), ask, { messages: [] }, limits, signal);
  receiver().onHead(200, undefined);
  receiver().onData(Buffer.from(delta("x".repeat(20_000)) + finish("stop") + DONE), false);
  const deltas = await opened;
  expect(told).toEqual(["pause"]);
  await deltas.return?.();
  expect(told).toEqual(["pause", "abort"]);
});

test("a body in very small pieces needs no more memory than its bytes", async () => {
  const body = new WholeBody((text) => text.length);
  const piece = Buffer.from("a");
  const before = process.memoryUsage();
  for (let at = 0; at < 1_000_000; at++) body.onData(piece, false);
  const after = process.memoryUsage();
  expect((after.heapUsed - before.heapUsed + after.external - before.external) / 1e6).toBeLessThan(30);
  body.onEnd();
  expect(await body.value).toBe(1_000_000);
});
