import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openHttpGet, type Resolve } from "../../ingest/sources/web/http-get.ts";
import { openVisitor } from "../../ingest/sources/web/visit.ts";

const MB = 1024 * 1024;
let hits: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let port: number;
const server = createServer((request, response) => {
  hits.push(request.url!);
  answer(request, response);
});
beforeEach(async () => {
  hits = [];
  answer = (_request, response) => void response.end("inside");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** A name server that gives another list at each question. */
function resolver(...answers: readonly (readonly string[])[]) {
  let asked = 0;
  const resolve: Resolve = (_hostname, _options, done) => {
    const addresses = answers[Math.min(asked++, answers.length - 1)]!;
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
  return { resolve, asked: () => asked };
}
const get = (
  url: string,
  { origins = [], resolve, signal }: { origins?: string[]; resolve?: Resolve; signal?: AbortSignal } = {},
) => openHttpGet(new Set(origins), resolve).get(new URL(url), {}, MB, signal);
const inside = (): string => `http://127.0.0.1:${port}`;

test.each([
  ["127.0.0.1"],
  ["::1"],
  ["::ffff:127.0.0.1"],
  ["169.254.169.254"],
  ["10.0.0.1"],
  ["fd00:ec2::254"],
  ["0.0.0.0"],
])("a name that leads to %s is refused before anything is connected", async (address) => {
  await expect(get("http://rebind.test/", { resolve: resolver([address]).resolve })).rejects.toMatchObject({
    code: "forbidden",
  });
  expect(hits).toEqual([]);
});

test("one inner address among public ones is enough to refuse a name", async () => {
  const { resolve } = resolver(["93.184.216.34", "127.0.0.1"]);
  await expect(get("http://rebind.test/", { resolve })).rejects.toMatchObject({ code: "forbidden" });
});

test("a name is looked up once for a request, and what was checked is what is connected to", async () => {
  const { resolve, asked } = resolver(["127.0.0.1"], ["169.254.169.254"]);
  const origin = `http://wiki.test:${port}`;
  const http = openHttpGet(new Set([origin]), resolve);
  expect(Buffer.from((await http.get(new URL(origin), {}, MB)).bytes).toString()).toBe("inside");
  expect(asked()).toBe(1);
  await expect(http.get(new URL(origin), {}, MB)).rejects.toMatchObject({ code: "forbidden" });
  expect([asked(), hits.length]).toEqual([2, 1]);
  http.close();
});

test.each([
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://0x7f.1/",
  "http://017700000001/",
  "http://127.1/",
  "http://127.0.0.1./",
  "http://[::1]/",
  "http://[::ffff:7f00:1]/",
  "http://169.254.169.254/latest/meta-data",
  "http://[fd00:ec2::254]/",
])("%s is refused without a look-up", async (url) => {
  await expect(get(url)).rejects.toMatchObject({ code: "forbidden" });
});

test("another port is refused, and what an operator opened is open with its port alone", async () => {
  await expect(get(`http://example.org:${port}/`)).rejects.toMatchObject({ code: "forbidden" });
  await expect(get(inside())).rejects.toMatchObject({ code: "forbidden" });
  expect((await get(inside(), { origins: [inside()] })).status).toBe(200);
  await expect(get(inside(), { origins: ["http://127.0.0.1"] })).rejects.toMatchObject({ code: "forbidden" });
  await expect(get("http://169.254.169.254/", { origins: ["http://169.254.169.254"] })).rejects.toMatchObject({
    code: "forbidden",
  });
});

test.each([
  "http://169.254.169.254/latest/",
  "http://127.0.0.1:1/",
  "http://[::1]/",
  "file:///etc/passwd",
  "http://ann:secret@example.org/",
  "http://metadata.test/",
])("a redirect to %s is not followed", async (location) => {
  answer = ({ url }, response) => void response.writeHead(url === "/robots.txt" ? 404 : 302, { location }).end();
  const { resolve } = resolver(["169.254.169.254"]);
  const http = openHttpGet(new Set([inside()]), resolve);
  const visitor = openVisitor({ http, now: Date.now, sleep: async () => {}, stayAt: undefined, endAt: Infinity });
  expect(await visitor.visit(new URL(inside()), () => ({}))).toMatchObject({ type: "refused" });
  expect(hits).toEqual(["/robots.txt", "/"]);
  http.close();
});

test("redirects that never end are left after five", async () => {
  answer = ({ url }, response) =>
    void response.writeHead(url === "/robots.txt" ? 404 : 302, { location: `${url}x` }).end();
  const http = openHttpGet(new Set([inside()]));
  const visitor = openVisitor({ http, now: Date.now, sleep: async () => {}, stayAt: undefined, endAt: Infinity });
  expect(await visitor.visit(new URL(inside()), () => ({}))).toMatchObject({ type: "refused" });
  expect(hits).toHaveLength(7);
  http.close();
});

test("a packed answer is measured unpacked, and one that was not asked for in that way is refused", async () => {
  const open = { origins: [inside()] };
  answer = (_request, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("hello"));
  expect(Buffer.from((await get(inside(), open)).bytes).toString()).toBe("hello");
  answer = (_request, response) =>
    void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50 * MB)));
  await expect(get(inside(), open)).rejects.toMatchObject({ code: "too_large" });
  answer = (_request, response) => void response.writeHead(200, { "content-encoding": "br" }).end("x");
  await expect(get(inside(), open)).rejects.toMatchObject({ code: "upstream_failed" });
  answer = (_request, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end("not packed");
  await expect(get(inside(), open)).rejects.toMatchObject({ code: "upstream_failed" });
});

test("a body that is endless, too long, broken off or slow ends in a sentence", async () => {
  const open = { origins: [inside()] };
  answer = (_request, response) => {
    const more = (): void => {
      if (response.destroyed) return;
      response.write(Buffer.alloc(MB));
      setImmediate(more);
    };
    more();
  };
  await expect(get(inside(), open)).rejects.toMatchObject({ code: "too_large" });
  answer = (_request, response) => void response.writeHead(200, { "content-length": String(2 * MB) }).flushHeaders();
  await expect(get(inside(), open)).rejects.toMatchObject({ code: "too_large" });
  answer = (_request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("half");
    setTimeout(() => response.destroy(), 20);
  };
  await expect(get(inside(), open)).rejects.toMatchObject({ code: "upstream_failed" });
  answer = (_request, response) => void response.write("slow");
  const http = openHttpGet(new Set([inside()]), undefined, 300);
  await expect(http.get(new URL(inside()), {}, MB)).rejects.toThrow("did not answer within");
  http.close();
});

test("nothing that a server says reaches the message of a failure", async () => {
  answer = (_request, response) => void response.socket!.end("SECRET nonsense\r\n\r\n");
  await expect(get(inside(), { origins: [inside()] })).rejects.toThrow(/^127\.0\.0\.1:\d+ does not answer\.$/);
});
