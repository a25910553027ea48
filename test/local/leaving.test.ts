import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../helpers/ask.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import {
  type Behaviour,
  DONE,
  delta,
  finish,
  type MockUpstream,
  mockUpstream,
  stalls,
} from "../helpers/mock-upstream.ts";
import { keptOf, readStream, tally } from "./read-stream.ts";

const QUESTION = "Which port does the gateway listen on?";
const PIECES = ["The gateway ", "listens on ", "port 8081 🙂 "];
let behave: Behaviour;
let upstream: MockUpstream;
let app: LocalApp;

beforeEach(async () => {
  upstream = await mockUpstream((response, call) => behave(response, call));
  app = await openLocal({
    modelUrl: upstream.baseUrl,
    files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081 🙂.\n" },
  });
});
afterEach(async () => {
  const [answers, counted, kept] = await tally(app);
  await app.close();
  await upstream.close();
  expect([counted, kept]).toEqual([answers, answers]);
  expect(app.unexpected).toEqual([]);
});

const lastId = async (): Promise<string> =>
  (await app.db.get<{ id: string }>("select id from answer order by created_at desc, id desc limit 1"))?.id ?? "";
const answersKept = async (): Promise<number> => (await tally(app))[0]!;
const modelStopped = (): boolean => upstream.calls.every(({ closedAt }) => closedAt !== undefined);

/** Sends a chat request on a bare socket, whose reading and closing are up to the test. */
function rawChat(more: object = {}) {
  const body = JSON.stringify(app.chatBody(QUESTION, more));
  const { hostname, port } = new URL(app.address);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}

describe("a client that leaves", () => {
  test("in the middle of a stream stops the model, and the record commits to what it had been sent", async () => {
    behave = stalls(...PIECES.map(delta));
    const left = new AbortController();
    const response = await app.send("/v1/chat/completions", app.chatBody(QUESTION, { stream: true }), {
      signal: left.signal,
    });
    const { text } = await readStream(response, (soFar) => soFar === PIECES.join(""));
    left.abort();
    await until("the model is stopped", modelStopped);
    await until("the answer is kept", async () => (await answersKept()) === 1);
    const kept = await keptOf(app, response.headers.get("lineage-id")!);
    expect(kept).toMatchObject({ outcome: "aborted", recorded: "aborted", content: text });
    expect(kept?.commits(text)).toBe(true);
    expect(kept?.commits(`${text}!`)).toBe(false);
    expect((await app.counts()).answers).toEqual({ aborted: 1 });
  });

  test.for([true, false])("before the first word leaves a record of nothing sent (stream: %s)", async (stream) => {
    behave = stalls();
    const left = new AbortController();
    const asked = app.send("/v1/chat/completions", app.chatBody(QUESTION, { stream }), { signal: left.signal });
    await until("the model is asked", () => upstream.calls.length === 1);
    left.abort();
    await expect(asked).rejects.toThrow();
    await until("the model is stopped", modelStopped);
    await until("the answer is kept", async () => (await answersKept()) === 1);
    const kept = await keptOf(app, await lastId());
    expect(kept).toMatchObject({ outcome: "aborted", content: "" });
    expect(kept?.commits("")).toBe(true);
  });

  test("while a whole answer is awaited has been sent nothing of it", async () => {
    behave = stalls(...PIECES.map(delta));
    const left = new AbortController();
    const asked = app.send("/v1/chat/completions", app.chatBody(QUESTION), { signal: left.signal });
    await until("the model is asked", () => upstream.calls.length === 1);
    await sleep(100);
    left.abort();
    await expect(asked).rejects.toThrow();
    await until("the model is stopped", modelStopped);
    await until("the answer is kept", async () => (await answersKept()) === 1);
    const kept = await keptOf(app, await lastId());
    expect(kept).toMatchObject({ outcome: "aborted", content: "" });
    expect(kept?.commits("")).toBe(true);
  });

  test("at any moment leaves no model at work and no record that says it was answered", async () => {
    behave = async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let i = 0; i < 300 && !response.destroyed; i++) {
        response.write(delta(`${i} `));
        await sleep(10);
      }
      response.end(finish("stop") + DONE);
    };
    for (let i = 0; i < 40; i++) {
      const socket = rawChat({ stream: i % 2 === 0 });
      await once(socket, "connect");
      await sleep(i / 2);
      socket.destroy();
    }
    await sleep(300);
    await until("the model is stopped", modelStopped, 2500);
    await until("nothing is open", async () => (await app.metrics.openStreams.get()).values[0]?.value === 0);
    const { answers } = await app.counts();
    expect(Object.keys(answers).filter((outcome) => outcome !== "aborted")).toEqual([]);
  });
});

describe("a slow reader", () => {
  const BIG = "abcdefgh ".repeat(1000);
  const COUNT = 2000;
  let written = 0;
  const drained = async (response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    const left = (): void => gone.abort();
    response.once("close", left);
    await once(response, "drain", { signal: gone.signal }).catch(() => undefined);
    response.removeListener("close", left);
  };
  const floods: Behaviour = async (response) => {
    written = 0;
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (; written < COUNT && !response.destroyed; written++) {
      if (!response.write(delta(BIG))) await drained(response);
    }
    response.end(finish("stop") + DONE);
  };

  test("makes the model wait, and is told apart in the record when it leaves", async () => {
    behave = floods;
    const socket = rawChat({ stream: true });
    await once(socket, "readable");
    let before = -1;
    await until("the model waits", async () => {
      const unchanged = written === before;
      before = written;
      await sleep(250);
      return unchanged;
    });
    expect(written).toBeLessThan(COUNT);
    const received = (socket.read() as Buffer).toString();
    socket.destroy();
    await until("the model is stopped", modelStopped);
    await until("the answer is kept", async () => (await answersKept()) === 1);
    const kept = await keptOf(app, await lastId());
    expect(kept?.outcome).toBe("aborted");
    const events = received.split("\n\n").filter((event) => event.startsWith("data: {") && event.endsWith("}"));
    const text = events
      .map((event) => (JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] }).choices[0])
      .map((choice) => choice?.delta.content ?? "")
      .join("");
    expect(kept?.content.startsWith(text)).toBe(true);
    expect(kept?.commits(kept.content)).toBe(true);
    expect(kept!.content.length).toBeLessThan(BIG.length * COUNT);
  });

  test("that stays gets everything", async () => {
    behave = async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let i = 0; i < 200; i++) response.write(delta(`${i} ${BIG}`));
      response.end(finish("stop") + DONE);
    };
    const response = await app.send("/v1/chat/completions", app.chatBody(QUESTION, { stream: true }));
    await sleep(500);
    const { text, done } = await readStream(response);
    expect(done).toBe(true);
    expect(text).toBe(Array.from({ length: 200 }, (_, i) => `${i} ${BIG}`).join(""));
    const kept = await keptOf(app, response.headers.get("lineage-id")!);
    expect(kept?.commits(text)).toBe(true);
  });
});
