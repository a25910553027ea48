import { afterEach, expect, test } from "vitest";
import { AppError } from "#shared/errors.ts";
import { arm, openAi, startGateway, type TestGateway, tableOf } from "../helpers/gateway.ts";
import {
  DONE,
  delta,
  fails,
  finish,
  type MockUpstream,
  mockUpstream,
  streams,
  usage,
} from "../helpers/mock-upstream.ts";
import { chatBody, type RawClient, rawClient, rawRequest } from "../helpers/raw-http.ts";

const SERVICE = "service-key-of-the-gateway";
const OWN = "cairn_aaaaaaaaaaaa_own";
const GOOD = streams(delta("Hello"), finish("stop"), usage({ prompt_tokens: 3, completion_tokens: 1 }), DONE);
const BODY_MB = 1024 * 1024;

let upstream: MockUpstream;
let gateway: TestGateway;

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

async function start(behave = GOOD, locked = true): Promise<void> {
  upstream = await mockUpstream(behave);
  const servers = [
    openAi("first", upstream.baseUrl, { model: "m 1 你" }),
    openAi("second", upstream.baseUrl, { model: "m-2" }),
  ];
  gateway = await startGateway({
    table: tableOf(servers, { tiers: [[arm("first")], [arm("second")]] }),
    ...(locked && {
      open: false,
      serviceKey: SERVICE,
      authenticate: async ({ authorization }) => {
        if (authorization !== `Bearer ${OWN}`) throw new AppError("unauthenticated", "The API key is unknown.");
        return { tenant: "acme", subject: "ann", groups: [], scopes: ["chat"] };
      },
    }),
  });
}

type Headers = Readonly<Record<string, string>>;

function send(
  path: string,
  headers: Headers = {},
  body?: unknown,
  method = body === undefined ? "GET" : "POST",
): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

const as = (key: string, tenant?: string): Headers => ({
  authorization: `Bearer ${key}`,
  ...(tenant !== undefined && { "x-cairn-tenant": tenant }),
});
const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code;
const raw = (): RawClient => rawClient(gateway.url);
const key = `authorization: Bearer ${SERVICE}`;

test.each([true, false])(
  "an answer says who gave it, after how many tries and what that took (stream: %s)",
  async (stream) => {
    let calls = 0;
    await start((response, call) => (++calls === 1 ? fails(500) : GOOD)(response, call));
    const { headers, status } = await send("/chat/completions", as(SERVICE), chatBody({ stream }));
    expect(status).toBe(200);
    expect(headers.get("x-cairn-upstream")).toBe("second");
    expect(headers.get("x-cairn-model")).toBe("m-2");
    expect(headers.get("x-cairn-attempts")).toBe("2");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    const timing = /^queue;dur=([\d.]+), upstream;dur=([\d.]+), overhead;dur=([\d.]+)$/;
    const [, queue, server, overhead] = timing.exec(headers.get("server-timing")!)!.map(Number);
    expect(server).toBeGreaterThan(0);
    expect(queue! + overhead!).toBeLessThan(1000);
  },
);

test("a model's name that no header can carry is made one that can", async () => {
  await start();
  const { headers } = await send("/chat/completions", as(SERVICE), chatBody());
  expect(headers.get("x-cairn-model")).toBe("m?1??");
});

test.each(["/chat/completions", "/completions", "/embeddings", "/rerank", "/models", "/nowhere"])(
  "%s is for those who have a key",
  async (path) => {
    await start();
    const body = path === "/models" ? undefined : chatBody();
    for (const headers of [{}, as("wrong"), as("cairn_wrong"), { authorization: `Basic ${SERVICE}` }]) {
      const response = await send(path, headers, body);
      expect(response.status).toBe(401);
      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(await response.text()).toContain("unauthenticated");
    }
    expect(upstream.calls).toHaveLength(0);
  },
);

test("the service speaks for any tenant, a key of the database for its own only", async () => {
  await start();
  const statuses = async (headers: Headers): Promise<number[]> => [
    (await send("/chat/completions", headers, chatBody())).status,
    (await send("/models", headers)).status,
  ];
  expect(await statuses(as(SERVICE, "acme"))).toEqual([200, 200]);
  expect(await statuses(as(SERVICE, "not a tenant"))).toEqual([400, 400]);
  expect(await statuses(as(OWN))).toEqual([200, 200]);
  expect(await statuses(as(OWN, "acme"))).toEqual([200, 200]);
  expect(await statuses(as(OWN, "other"))).toEqual([403, 403]);
});

test("what is no request for a model is refused in OpenAI's form", async () => {
  await start();
  const refused = async (expected: [number, string], ...request: Parameters<typeof send>): Promise<void> => {
    const response = await send(...request);
    expect([response.status, await codeOf(response)]).toEqual(expected);
  };
  const me = as(SERVICE);
  await refused([405, "method_not_allowed"], "/chat/completions", me);
  await refused([405, "method_not_allowed"], "/chat/completions", me, chatBody(), "PUT");
  await refused([405, "method_not_allowed"], "/models", me, {});
  expect((await send("/rerank", me, undefined, "DELETE")).headers.get("allow")).toBe("POST");
  expect((await send("/models", me, undefined, "OPTIONS")).headers.get("allow")).toBe("GET");
  await refused([404, "not_found"], "/chat/completions?x=1", me, chatBody());
  await refused(
    [415, "unsupported_media_type"],
    "/chat/completions",
    { ...me, "content-type": "text/plain" },
    chatBody(),
  );
  await refused([400, "invalid_request"], "/chat/completions", me, '{"model":');
  await refused([400, "invalid_request"], "/chat/completions", me, "");
  await refused([400, "invalid_request"], "/chat/completions", me, "null");
  await refused([400, "invalid_request"], "/chat/completions", me, "[]");
  await refused([404, "model_not_found"], "/chat/completions", me, chatBody({ model: "constructor" }));
  const nowhere = await send("/nowhere", me, {});
  expect(nowhere.status).toBe(404);
  expect(upstream.calls).toHaveLength(0);
});

test("a body of nearly 8 MB is taken, a larger one is refused and read to no end", async () => {
  await start();
  const ofMb = (mb: number): object => chatBody({ messages: [{ role: "user", content: "x".repeat(mb * BODY_MB) }] });
  expect((await send("/chat/completions", as(SERVICE), ofMb(7.9))).status).toBe(200);
  const large = await send("/chat/completions", as(SERVICE), ofMb(8.1));
  expect([large.status, await codeOf(large)]).toEqual([413, "too_large"]);
  expect(large.headers.get("connection")).toBe("close");

  const endless = raw();
  endless.send(`POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n${key}\r\n`);
  endless.send("content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
  let sent = 0;
  const more = setInterval(() => {
    sent += BODY_MB;
    endless.send(`${BODY_MB.toString(16)}\r\n${"x".repeat(BODY_MB)}\r\n`);
  }, 5);
  await endless.ended;
  clearInterval(more);
  expect(sent).toBeLessThan(100 * BODY_MB);
  expect(upstream.calls).toHaveLength(1);
});

test("a client that asks before it sends its body is told to go on", async () => {
  await start();
  const client = raw();
  const [head, body] = rawRequest(chatBody(), [key, "expect: 100-continue"]).split("\r\n\r\n");
  client.send(`${head}\r\n\r\n`);
  await client.until(/^HTTP\/1.1 100 Continue\r\n\r\n/);
  client.send(body!);
  await client.until(/HTTP\/1.1 200 OK[\s\S]*"content":"Hello"/);
  client.socket.destroy();
});

test("a body in chunks, split inside a character, is read as a whole", async () => {
  await start();
  const client = raw();
  const bytes = Buffer.from(JSON.stringify(chatBody({ messages: [{ role: "user", content: "Zürich 你好" }] })));
  client.send(`POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n${key}\r\n`);
  client.send("content-type: application/json; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n");
  for (const byte of bytes)
    client.socket.write(Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")]));
  client.send("0\r\n\r\n");
  await client.until(/"content":"Hello"/);
  expect(upstream.calls[0]!.body.messages).toEqual([{ role: "user", content: "Zürich 你好" }]);
  client.socket.destroy();
});

test("a connection serves on after refusals and leaves no listeners behind", async () => {
  await start();
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  const client = raw();
  const refused = [rawRequest(chatBody()), rawRequest("{", [key]), rawRequest(chatBody({ model: "none" }), [key])];
  for (let round = 1; round <= 15; round++) {
    client.send(...refused, rawRequest(chatBody({ stream: round % 2 === 0 }), [key]));
    await expect.poll(() => client.text().split('"content":"Hello"').length - 1, { interval: 2 }).toBe(round);
  }
  const statuses = [...client.text().matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses.slice(0, 4)).toEqual(["401", "400", "404", "200"]);
  expect(statuses).toHaveLength(60);
  expect(warnings).toEqual([]);
  process.off("warning", warn);
  client.socket.destroy();
});

test("answers to requests in one pipeline come whole and in order", async () => {
  await start(async (response, call) => {
    const [{ content }] = call.body.messages as [{ content: string }];
    // The first is the slowest.
    if (content === "0") await new Promise((resolve) => setTimeout(resolve, 100));
    await streams(delta(`answer ${content}`), finish("stop"), DONE)(response, call);
  });
  const client = raw();
  const asked = [0, 1, 2, 3].map((at) =>
    chatBody({ stream: at !== 2, messages: [{ role: "user", content: `${at}` }] }),
  );
  client.send(...asked.map((body) => rawRequest(body, [key])));
  await client.until(/answer 3[\s\S]*\[DONE\]/);
  expect(client.text().match(/answer \d/g)).toEqual(["answer 0", "answer 1", "answer 2", "answer 3"]);
  expect(client.text().match(/\[DONE\]/g)).toHaveLength(3);
  client.socket.destroy();
});
