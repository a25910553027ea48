import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultRoutes } from "../../services/gateway/app.ts";
import { startGateway, type TestGateway } from "../helpers/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ table: defaultRoutes({}), open: false, serviceKey: "k" });
});
afterAll(() => gateway.close());

/** The status of an answer; `target` as it stands in the request line, which `fetch` would clean. */
async function statusOf(method: string, target: string): Promise<number> {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
  socket.write(`${method} ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  let text = "";
  for await (const piece of socket) text += String(piece);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

test.each([
  ["GET", "/v1/models"],
  ["GET", "http://127.0.0.1/v1/models"],
  ["GET", "HTTP://127.0.0.1/v1/models"],
  ["GET", "/%76%31/models"],
  ["GET", "/%761/upstreams"],
  ["GET", "/v1/upstreams?x=1"],
  ["GET", "/v1/models/chat"],
  ["POST", "http://127.0.0.1/v1/chat/completions"],
  ["POST", "/%761/chat/completions"],
])("however an address is written, nobody gets past it without a key: %s %s", async (method, target) => {
  expect(await statusOf(method, target)).toBe(401);
});
