import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { cairn, pretender, start } from "./rig.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(listener: RequestListener) {
  const server = await pretender(listener);
  stops.push(server.stop);
  return server;
}

const delta = (content: string): object => ({ choices: [{ delta: { content } }] });
const HEADERS = { "content-type": "text/event-stream", "x-request-id": "req-1" };
function send(response: ServerResponse, ...events: (object | string)[]): void {
  if (!response.headersSent) response.writeHead(200, HEADERS);
  for (const event of events)
    response.write(`: keep-alive\n\ndata: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
}
const end = (title: string, quote: string): object => ({
  choices: [],
  outcome: "answered",
  citations: [{ marker: 1, verified: true, source: { title, uri: "upload:///x", heading_path: [], quote } }],
  lineage: { id: "L", conversation_id: "C" },
});

test("Ctrl-C in the middle of an answer leaves the stream and exits with 130", async () => {
  const left = Promise.withResolvers<void>();
  const server = await serve((_, response) => {
    response.on("close", () => left.resolve());
    send(response, delta("The first words"));
  });
  const { child, ended } = start(["ask", "Why?"], server);
  const [words] = await once(child.stdout, "data");
  expect(words).toBe("The first words");
  child.kill("SIGINT");
  await left.promise;
  expect(await ended).toEqual({ code: 130, stdout: "The first words\n", stderr: "" });
});

test("Ctrl-C while documents are being read exits with 130 and says that the reading goes on", async () => {
  const asked = Promise.withResolvers<void>();
  const server = await serve((request, response) => {
    request.resume();
    if (request.url === "/v1/jobs/J") asked.resolve();
    const accepted = { document: { id: "D", current_version: null }, version_id: "V", job_id: "J", unchanged: false };
    response.end(JSON.stringify(request.method === "POST" ? accepted : { state: "leased" }));
  });
  const { child, ended } = start(["ingest", "README.md"], server);
  await asked.promise;
  child.kill("SIGINT");
  expect(await ended).toMatchObject({
    code: 130,
    stdout: "",
    stderr: expect.stringContaining("being read all the same"),
  });
});

test("the answer is printed as it comes, before it is complete", async () => {
  const more = Promise.withResolvers<void>();
  const server = await serve(async (_, response) => {
    send(response, delta("One "));
    await more.promise;
    send(response, delta("two."), end("T", "Q"), "[DONE]");
    response.end();
  });
  const { child, ended } = start(["ask", "Why?"], server);
  const [words] = await once(child.stdout, "data");
  expect(words).toBe("One ");
  more.resolve();
  expect((await ended).stdout).toMatch(/^One two\.\n\nSources\n\[1\] T\n/);
});

test("control characters of answers, titles and quotes do not reach the terminal", async () => {
  const server = await serve((_, response) => {
    send(
      response,
      delta("a\u001b[31m\u009b2J\u202eb\n"),
      end("T\u0007\nOutcome: forged", "q\r\u001b]0;x\u0007"),
      "[DONE]",
    );
    response.end();
  });
  const { stdout } = await cairn(server, "ask", "Why?");
  expect(stdout).toMatch(/^a\[31m2Jb\n/);
  expect(stdout).toContain("[1] T Outcome: forged\n");
  expect(stdout).toContain("“q ]0;x”");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  const json = await cairn(server, "ask", "Why?", "--json");
  expect(JSON.parse(json.stdout).answer).toBe("a\u001b[31m\u009b2J\u202eb\n");
  expect(json.stdout).not.toMatch(/[\u007f-\u009f\u202e]/);
});

test("a stream that fails late shows the message, the code and the request id", async () => {
  const server = await serve((_, response) => {
    send(response, delta("Half an"), { error: { message: "The model server failed.", code: "upstream_failed" } });
    response.end();
  });
  const { code, stdout, stderr } = await cairn(server, "ask", "Why?");
  expect([code, stdout]).toEqual([1, "Half an\n"]);
  expect(stderr).toBe("The model server failed.\n  code: upstream_failed, request id: req-1\n");
});

test("a stream that ends without its mark or breaks off is no answer", async () => {
  const short = await serve((_, response) => {
    send(response, delta("Half an"));
    response.end();
  });
  expect(await cairn(short, "ask", "Why?")).toMatchObject({
    code: 1,
    stderr: "The answer ended too early. Ask again.\n",
  });
  const broken = await serve((_, response) => {
    send(response, delta("Half an"));
    setTimeout(() => response.destroy(), 50);
  });
  expect((await cairn(broken, "ask", "Why?")).stderr).toContain("broke off in the middle of the answer. Ask again.");
});

test("something else at the address is told from Cairn", async () => {
  const page = await serve((_, response) => response.end("<html>Hello</html>"));
  expect((await cairn(page, "documents")).stderr).toBe(
    `What answers at ${page.url} is not Cairn (status 200). Check CAIRN_URL.\n`,
  );
  const proxy = await serve((_, response) => response.writeHead(502).end("<h1>Bad Gateway</h1>"));
  expect((await cairn(proxy, "search", "x")).stderr).toContain("answers with status 502 and no reason");
});

test("a redirect is not followed, so the key goes nowhere else", async () => {
  const asked: string[] = [];
  const target = await serve((request, response) => {
    asked.push(String(request.headers.authorization));
    response.end("{}");
  });
  const server = await serve((_, response) => response.writeHead(307, { location: target.url }).end());
  const { code, stderr } = await cairn({ url: server.url, key: "cairn_secret" }, "search", "x");
  expect(stderr).toContain(`redirects to ${target.url}`);
  expect(code).toBe(1);
  expect(asked).toEqual([]);
});

test("a key that cannot be a key is refused before it is sent", async () => {
  const { code, stderr } = await cairn({ url: "http://127.0.0.1:9", key: "cairn_…" }, "status");
  expect(stderr).toContain("CAIRN_KEY holds characters that no API key has");
  expect(code).toBe(1);
});

test("a reader that leaves early ends the command quietly", async () => {
  const server = await serve((_, response) => {
    send(response, ...Array.from({ length: 200 }, () => delta("word ".repeat(1000))));
  });
  const { child, ended } = start(["ask", "Why?"], server);
  await once(child.stdout, "data");
  child.stdout.destroy();
  expect(await ended).toMatchObject({ code: 141, stderr: "" });
});
