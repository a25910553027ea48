import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalApp, openLocal } from "../helpers/local.ts";

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal();
});
afterAll(() => app.close());

/** As a browser sends it: `fetch` does not let a test choose `Host`. */
async function send(path: string, headers: Record<string, string>, body: string): Promise<number> {
  const { hostname, port } = new URL(app.address);
  const sent = request({ hostname, port, path, method: "POST", headers }).end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

const json = { "content-type": "application/json" };
const folder = JSON.stringify({ kind: "folder", location: "/etc" });
const form = '--x\r\ncontent-disposition: form-data; name="file"; filename="p.md"\r\n\r\npoison\r\n--x--\r\n';

test("a web page whose name was pointed at this machine can read no folder", async () => {
  const headers = { ...json, host: "evil.example", origin: "http://evil.example" };
  expect(await send("/v1/sources", headers, folder)).toBe(403);
});

test("a form of a foreign web page can upload nothing", async () => {
  const headers = { "content-type": "multipart/form-data; boundary=x", origin: "http://evil.example" };
  expect(await send("/v1/documents", headers, form)).toBe(403);
  expect((await app.db.all("select id from document")).length).toBe(0);
});

test("a web page of this machine can", async () => {
  const headers = { "content-type": "multipart/form-data; boundary=x", origin: "http://localhost:3000" };
  expect(await send("/v1/documents", headers, form)).toBe(202);
});
