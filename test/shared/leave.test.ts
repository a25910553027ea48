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
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kept = rawClient(url);
  kept.send(rawRequest("{}"));
  expect(await kept.until(/an answer/)).toContain("Connection: keep-alive");

  const left = leave(server, 1).run();
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

test("without time to leave nothing changes", async () => {
  const server = createServer();
  await leave(server, 0).run();
  expect(server.maxRequestsPerSocket).toBe(createServer().maxRequestsPerSocket);
});
