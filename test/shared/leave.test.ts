import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { leave } from "#shared/leave.ts";
import { rawClient, rawRequest } from "../helpers/raw-http.ts";

test("a process that leaves answers on connections from before, and ends each with its answer", async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.end("an answer");
  });
  const stop = leave(server, 1);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kept = rawClient(url);
  kept.send(rawRequest("{}"));
  expect(await kept.until(/an answer/)).toContain("Connection: keep-alive");

  const left = stop.run();
  kept.send(rawRequest("{}"));
  const fresh = rawClient(url);
  fresh.send(rawRequest("{}"));
  for (const client of [kept, fresh]) {
    await client.ended;
    expect(client.text()).toMatch(/HTTP\/1\.1 200[\s\S]*Connection: close[\s\S]*an answer$/);
  }
  await left;
  await new Promise((resolve) => server.close(resolve));
});

test("a stream that outlasts the time to leave ends whole, and what its client asks next is answered as well", async () => {
  let end = (): void => {};
  let begin: (() => void) | undefined;
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === "/stream") {
      response.write("the beginning");
      end = () => response.end(", the end");
    } else if (request.url === "/slow") begin = () => response.end("a late answer");
    else response.end("an answer");
  });
  const stop = leave(server, 1);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [streaming, waiting] = [rawClient(url), rawClient(url)];
  streaming.send(rawRequest("{}", [], "POST /stream"));
  waiting.send(rawRequest("{}", [], "POST /slow"));
  expect(await streaming.until(/the beginning/)).toContain("Connection: keep-alive");
  await expect.poll(() => begin).toBeDefined();

  let over = false;
  const left = stop.run().then(() => {
    over = true;
  });
  begin!();
  await waiting.ended;
  expect(waiting.text()).toMatch(/Connection: close[\s\S]*a late answer/);
  await new Promise((resolve) => setTimeout(resolve, 1300));
  expect(over).toBe(false);
  end();
  await streaming.until(/, the end/);
  streaming.send(rawRequest("{}"));
  await streaming.ended;
  expect(streaming.text()).toMatch(/, the end[\s\S]*HTTP\/1\.1 200[\s\S]*Connection: close[\s\S]*an answer$/);
  await left;
  await new Promise((resolve) => server.close(resolve));
});

test("without time to leave nothing changes", async () => {
  const server = createServer();
  await leave(server, 0).run();
  expect(server.listenerCount("request")).toBe(0);
});
